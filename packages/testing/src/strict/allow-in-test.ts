import { InvalidOptionError, rules, type RuleId } from '@poolsafe/core'
import { checkOneOf, takeStack } from '@poolsafe/core/adapter'
import { currentScope } from './scope.ts'

/**
 * Allows the findings of one rule for the rest of the test that calls it: they are sent, and held against nobody.
 * Called in
 * `beforeAll` or at the top of a file, for the rest of the file. An exception that matched nothing by the end fails the test, or
 * the file: it is no longer needed.
 *
 * @param rule such as `session/listen`
 * @param reason why it is safe here; it stands in the report
 * @throws InvalidOptionError for a rule that does not exist, or no reason
 * @throws Error where no test runs in strict mode
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
