import { redact } from '../sql/redact.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkObject } from '../options.ts'
import { checkReason, checkRuleIds, type KnownException, type RuleIds } from './exception.ts'

/** One exception of the option `exceptions`. */
export interface ExceptionOption {
  /** The id of a rule, or several ids. */
  readonly rule: RuleIds
  /**
   * The statement that the exception is for, as in the code, or as in the row `statement` of a message. Comments, the
   * amount of white space, case outside quoted names, and semicolons at the end do not matter. With its literals, as in
   * the code, the exception is for this setting, lock or channel only. With `?`, as in a message, it is for every one.
   * A statement that the message has cut, with `…`, is compared up to the cut. @default every statement
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

/** Creates the exception of a checked option. It does not show the literals of the statement. */
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
