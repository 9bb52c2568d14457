import type { Analysis, DetectedEffect, Step } from '../analyze/analysis.ts'
import type { StatementRepair, Wanted } from '../rewrite/rewrite.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import { ruleById, type RuleId } from '../rules/index.ts'

/** The state of one statement that the end of the transaction clears. */
export interface ClearedRule {
  readonly at: number
  readonly rule: RuleId
  readonly how: string
}

/** The way in which the end of the transaction is sent. */
interface ClearingPlace {
  readonly pooler: PoolerProfile
  /** See `Call.canClear`. */
  readonly canClear: boolean
}

/** The state that the end of the transaction can clear, and why it clears no more. */
export interface Clearable {
  readonly clearable: Wanted
  readonly uncleared: ReadonlyMap<RuleId, string>
}

const unseen = 'the end of its transaction has no room for a statement that removes it'
const inText = 'its transaction ends in the same text'

/** Finds what the end of the transaction can clear. Half a clearing is none. */
export function clearableIn({ steps }: Analysis, wanted: Wanted, { canClear, pooler }: ClearingPlace): Clearable {
  const clearable = new Map<number, ReadonlySet<RuleId>>()
  const uncleared = new Map<RuleId, string>()
  for (const [at, rules] of wanted) {
    const own = steps.find((step) => step.at === at)?.effects ?? []
    const cleared = [...rules].filter((rule) => isClearable(own.filter((effect) => effect.rule === rule)))
    const isInText = endsBehind(steps, at)
    const reasonOf = (rule: RuleId): string | undefined =>
      canClear ? (isInText ? inText : answeredBy(pooler, own, rule)) : unseen
    for (const rule of cleared) {
      const reason = reasonOf(rule)
      if (reason === undefined) clearable.set(at, new Set([...(clearable.get(at) ?? []), rule]))
      else uncleared.set(rule, reason)
    }
  }
  return { clearable, uncleared }
}

/** Returns why a pooler would not send the clearing on. */
function answeredBy(
  { answers = [] }: PoolerProfile,
  effects: readonly DetectedEffect[],
  id: RuleId,
): string | undefined {
  const statements = effects.flatMap((effect) => (effect.rule === id ? (clearingOf(effect) ?? []) : []))
  const words = statements.map((sql) => sql.split(' ', 1)[0] ?? '')
  const answered = words.find((word) => answers.includes(word.toLowerCase()))
  return answered && `the pooler answers ${answered} itself`
}

/** A driver gives one answer for each statement of a text, so nothing can be added behind the end inside of it. */
function endsBehind(steps: readonly Step[], at: number): boolean {
  return steps.some(
    ({ at: later, control }) => later > at && (control?.does === 'commit' || control?.does === 'rollback'),
  )
}

function isClearable(effects: readonly DetectedEffect[]): boolean {
  const lasting = effects.filter(({ when }) => when !== 'autocommit' && when !== 'unpinned')
  return lasting.every((effect) => effect.does === 'leaves' && clearingOf(effect) !== undefined)
}

function clearingOf(effect: DetectedEffect): string | undefined {
  return ruleById[effect.rule].clearing?.by(effect)
}

/** Returns what no new text repairs, and the end of the transaction clears. */
export function clearedBeside(clearable: Wanted, repairs: readonly StatementRepair[]): ClearedRule[] {
  return [...clearable].flatMap(([at, rules]) =>
    [...rules].flatMap((rule) => {
      const { clearing } = ruleById[rule]
      const isRepaired = repairs.some((each) => each.at === at && each.rule === rule)
      return isRepaired || clearing === undefined ? [] : [{ at, rule, how: `${clearing.how} behind the COMMIT` }]
    }),
  )
}

/** Marks what a step leaves, so that the end of its transaction clears it. */
export function withClearings(step: Step, cleared: readonly ClearedRule[]): Step {
  const rules = cleared.flatMap(({ at, rule }) => (at === step.at ? [rule] : []))
  if (rules.length === 0) return step
  const effects = step.effects.map((effect) => {
    const clearing = rules.includes(effect.rule) && effect.does === 'leaves' ? clearingOf(effect) : undefined
    return clearing === undefined ? effect : Object.assign({}, effect, { isRepaired: true, clearing } as const)
  })
  return { ...step, effects }
}
