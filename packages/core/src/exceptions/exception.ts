import { closest } from '../options.ts'
import { InvalidOptionError } from '../errors.ts'
import { ruleById, type RuleId } from '../rules/index.ts'

/** One rule or several, by their ids. */
export type RuleIds = RuleId | readonly RuleId[]

/**
 * An exception that somebody has declared, with the reason. Plain data; events give the same object for the same one.
 */
export interface KnownException {
  /** How it was declared: `allow(…)`, a comment in the SQL, or the option `exceptions`. */
  readonly by: 'scope' | 'comment' | 'option'
  readonly rules: readonly RuleId[]
  /** The only statement that it is for, its literals replaced by `?`. Absent where it is for every statement. */
  readonly statement?: string
  readonly reason: string
  /** The line that called `allow(…)`; `comment`; or `option`. */
  readonly where: string
}

/** @throws InvalidOptionError for what is no rule, and for none at all */
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

/** @throws InvalidOptionError for a reason that says nothing */
export function checkReason(option: string, given: string): string {
  if (typeof given === 'string' && given.trim() !== '') return given.trim()
  throw new InvalidOptionError(option, given, 'a text that says why it is safe here')
}

/** Whether a rule has this id. */
export function isRuleId(id: unknown): id is RuleId {
  return typeof id === 'string' && Object.hasOwn(ruleById, id)
}
