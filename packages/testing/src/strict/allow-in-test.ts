import { InvalidOptionError, rules, type RuleId } from '@poolsafe/core'
import { checkOneOf, takeStack } from '@poolsafe/core/internal'
import { currentScope } from './scope.ts'

/**
 * Allows the findings of one rule for the rest of the test: the statements are sent and fail no test. In `beforeAll` or
 * at the top of a file, it holds for the rest of the file. An exception without a match at the end fails the test or
 * the file, because it is no longer needed.
 *
 * @param rule such as `session/listen`
 * @param reason why it is safe here, for the report
 * @throws InvalidOptionError for an unknown rule or a missing reason
 * @throws Error if no test runs in strict mode
 */
export function allowInTest(rule: RuleId, reason: string): void {
  const ids = rules.map(({ id }) => id)
  checkOneOf('allowInTest(): rule', rule, ids)
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw new InvalidOptionError('allowInTest(): reason', reason, 'a sentence that says why it is safe here')
  }
  const scope = currentScope()
  if (scope === undefined) {
    throw new Error(
      "allowInTest() needs strict mode: setupFiles: ['@poolsafe/testing/strict'] in the configuration of Vitest",
    )
  }
  scope.allowances.push({ rule, reason, stack: takeStack(allowInTest), isUsed: false })
}
