import { createGuard, poolers, type Repair, type RuleId } from '@poolsafe/core'
import { effectsIn } from '../../../packages/core/src/analyze/analysis.ts'
import { parseAndAnalyze } from '../../../packages/core/src/analyze/analyze.ts'
import { repairableText } from './repairable-text.ts'
import { withoutRepairs } from './same-otherwise.ts'

/** A text whose repair is wrong. */
export interface RepairFailure {
  readonly index: number
  readonly text: string
  readonly sent: string
  readonly what: string
}

export interface RepairTally {
  texts: number
  /** Texts in which something would be found in an open transaction. */
  dangerous: number
  repaired: number
  /** Repairs by rule. */
  readonly byRule: Partial<Record<RuleId, number>>
  readonly failures: RepairFailure[]
}

/** Failures kept; one is enough to fail the run. */
const mostFailures = 5

export function emptyRepairTally(): RepairTally {
  return { texts: 0, dangerous: 0, repaired: 0, byRule: {}, failures: [] }
}

/** Adds the second to the first. */
export function addRepairTally(sum: RepairTally, { texts, dangerous, repaired, byRule, failures }: RepairTally): void {
  sum.texts += texts
  sum.dangerous += dangerous
  sum.repaired += repaired
  for (const [rule, count] of Object.entries(byRule) as [RuleId, number][])
    sum.byRule[rule] = (sum.byRule[rule] ?? 0) + count
  sum.failures.push(...failures.slice(0, mostFailures - sum.failures.length))
}

const guard = createGuard({ mode: 'repair', pooler: poolers.strictest(), logger: { warn() {} } })
const inTransaction = { inTransaction: true } as const

/** Repairs the texts of these numbers, and checks each result. */
export function repairTally(seed: number, first: number, count: number): RepairTally {
  const tally = emptyRepairTally()
  for (let index = first; index < first + count; index++) {
    const text = repairableText(seed, index)
    const failure = tryText(text, tally)
    if (failure !== undefined && tally.failures.length < mostFailures) tally.failures.push({ index, text, ...failure })
  }
  return tally
}

/** @returns what is wrong with the repair of a text, if anything is */
export function tryText(
  text: string,
  tally: RepairTally,
): { readonly sent: string; readonly what: string } | undefined {
  tally.texts++
  const { findings, repaired } = guard.inspect(text, inTransaction)
  if (findings.length > 0) tally.dangerous++
  if (repaired === undefined) return undefined
  tally.repaired++
  for (const { rule } of repaired.repairs) tally.byRule[rule] = (tally.byRule[rule] ?? 0) + 1
  const what = faultOf(text, repaired.sql, rewritten(repaired))
  return what === undefined ? undefined : { sent: repaired.sql, what }
}

function faultOf(text: string, sent: string, rules: ReadonlySet<RuleId>): string | undefined {
  try {
    if (withoutRepairs(sent) !== withoutRepairs(text)) return 'another part of a statement has changed'
  } catch (error) {
    return `the result does not parse: ${String(error)}`
  }
  const before = countOf(text)
  const after = countOf(sent)
  const isSafer = [...rules].every((rule) => (after.get(rule) ?? 0) < (before.get(rule) ?? 0))
  if (!isSafer) return 'the result is found unsafe, as before'
  const again = guard.inspect(sent, inTransaction).repaired
  return again === undefined || rewritten(again).isDisjointFrom(rules)
    ? undefined
    : `the result is repaired again: ${again.sql}`
}

/** The rules that another text repairs. The end of the transaction clears what the others leave. */
function rewritten({ repairs }: { readonly repairs: readonly Repair[] }): Set<RuleId> {
  return new Set(repairs.flatMap(({ rule, how }) => (how.endsWith('behind the COMMIT') ? [] : [rule])))
}

/** Effects that last, by rule: a text of several statements may have some that are not repaired. */
function countOf(sql: string): Map<RuleId, number> {
  const counts = new Map<RuleId, number>()
  for (const { rule, does, when } of effectsIn(parseAndAnalyze(sql)))
    if (when === 'always' && (does === 'leaves' || does === 'clears')) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return counts
}
