import { redact } from '../sql/redact.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkObject } from '../options.ts'
import { checkReason, checkRuleIds, type KnownException, type RuleIds } from './exception.ts'

/** One exception of the option `exceptions`. */
export interface ExceptionOption {
  /** The id of a rule, or several. */
  readonly rule: RuleIds
  /**
   * The only statement that it is for: as the code has it, or as the row `statement` of a message shows it. Comments do
   * not count, nor does white space that is folded, case outside quoted names, or a semicolon at the end. As the code
   * has it, with its literals, it is for this setting, lock or channel alone; as a message shows it, with `?`, for
   * every one. A statement that the message has cut, with `…`, is compared as far as the message goes. @default every
   * statement
   */
  readonly statement?: string
  /** Why it is safe. */
  readonly reason: string
}

const keys: readonly (keyof ExceptionOption)[] = ['rule', 'statement', 'reason']

/** @throws InvalidOptionError */
export function checkExceptions(given: readonly ExceptionOption[]): readonly ExceptionOption[] {
  if (!Array.isArray(given)) throw new InvalidOptionError('exceptions', given, 'a list of { rule, statement, reason }')
  given.forEach(check)
  return given
}

function check(given: ExceptionOption, index: number): void {
  const name = `exceptions[${index}]`
  checkObject(name, given, keys)
  checkRuleIds(`${name}.rule`, given.rule)
  checkReason(`${name}.reason`, given.reason)
  const { statement } = given
  if (statement === undefined || (typeof statement === 'string' && statement.trim() !== '')) return
  throw new InvalidOptionError(
    `${name}.statement`,
    statement,
    'a statement, as the row of that name in a message shows it; or absent',
  )
}

/** What an option, checked before, declares. A literal in its statement is not shown again. */
export function toException({ rule, statement, reason }: ExceptionOption): KnownException {
  const rules = typeof rule === 'string' ? [rule] : [...rule]
  return {
    by: 'option',
    rules,
    ...(statement !== undefined && { statement: redact(statement) }),
    reason: reason.trim(),
    where: 'option',
  }
}
