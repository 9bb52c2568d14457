import { closest } from '../options.ts'
import { InvalidOptionError } from '../errors.ts'
import { ruleById, type RuleId } from '../rules/index.ts'

/** The ids of one rule or several rules. */
export type RuleIds = RuleId | readonly RuleId[]

/** A declared exception with its reason. Plain data; events carry the same object for the same exception. */
export interface KnownException {
  /** How the exception was declared: `allow(…)`, a comment in the SQL, or the option `exceptions`. */
  readonly by: 'scope' | 'comment' | 'option'
  readonly rules: readonly RuleId[]
  /** The statement that the exception is for, with `?` for its literals. Absent if it is for every statement. */
  readonly statement?: string
  readonly reason: string
  /** The call site of `allow(…)`; `comment`; or `option`. */
  readonly where: string
}

/** @throws InvalidOptionError for an unknown rule, and for an empty list */
export function checkRuleIds(option: string, given: RuleIds): readonly RuleId[] {
  const ids: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (ids.length === 0) throw new InvalidOptionError(option, given, 'the id of a rule, or a list with at least one')
  return ids.map((id) => {
    if (isRuleId(id)) return id
    const known = Object.keys(ruleById)
    throw new InvalidOptionError(
      option,
      id,
      `the id of a rule, or a list of ids: ${known.join(', ')}`,
      closest(id, known),
    )
  })
}

/** @throws InvalidOptionError for an empty reason */
export function checkReason(option: string, given: string): string {
  if (typeof given === 'string' && given.trim() !== '') return given.trim()
  throw new InvalidOptionError(option, given, 'a text that says why it is safe here')
}

/** Returns true if a rule has this id. */
export function isRuleId(id: unknown): id is RuleId {
  return typeof id === 'string' && Object.hasOwn(ruleById, id)
}
