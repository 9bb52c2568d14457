import { scanSaysHarmless } from '@poolsafe/core/internal'
import type { Batch } from './crew.ts'
import { generate } from './generate.ts'
import { dependsOnStrings, judgeByTree, unsound } from './verdict.ts'
import { weakenedScans } from './weakened.ts'

/** A text on which the scan is wrong, or on which the analysis breaks down. */
export interface Failure {
  readonly index: number
  readonly text: string
  readonly what: string
}

/** The counts of a run. */
const nothing = {
  texts: 0,
  characters: 0,
  /** Accepted by PostgreSQL's parser. */
  accepted: 0,
  /** Too long or too deep for the parser. */
  beyondParser: 0,
  /** Called harmless by the scan. */
  harmless: 0,
  /** Texts that the parser accepts and in which it finds nothing. */
  harmlessAccepted: 0,
  /** Texts that were judged again, as a server with standard_conforming_strings = off reads them. */
  harmlessReadTwice: 0,
  /** Left to the parser by the scan, and something was found. */
  dangerous: 0,
}

/** The results of some texts. */
export interface Tally {
  readonly counts: typeof nothing
  /** Dangerous texts by rule. */
  readonly byRule: Record<string, number>
  /** Dangerous texts by the weakened scan that would have let them pass. */
  readonly missedBy: Record<string, number>
  readonly failures: Failure[]
}

/** Failures kept; one is enough to fail the run. */
const mostFailures = 5

export function emptyTally(): Tally {
  return { counts: { ...nothing }, byRule: {}, missedBy: {}, failures: [] }
}

/** Adds the second to the first. */
export function addTally(sum: Tally, { counts, byRule, missedBy, failures }: Tally): void {
  for (const [part, added] of [
    [sum.counts, counts],
    [sum.byRule, byRule],
    [sum.missedBy, missedBy],
  ] as const)
    for (const [key, count] of Object.entries(added)) increase(part, key, count)
  sum.failures.push(...failures.slice(0, mostFailures - sum.failures.length))
}

/** Makes the texts of a batch and asks the scan and the parser about each. */
export function tallyOf({ seed, first, count }: Batch): Tally {
  const tally = emptyTally()
  for (let index = first; index < first + count; index++) {
    const text = generate(seed, index)
    const what = tryText(text, tally)
    if (what !== undefined && tally.failures.length < mostFailures) tally.failures.push({ index, text, what })
  }
  return tally
}

/** Returns the error of the verdicts on a text, if there is one. */
export function faultOf(text: string): string | undefined {
  return tryText(text, emptyTally())
}

function tryText(text: string, tally: Tally): string | undefined {
  try {
    return countText(text, tally)
  } catch (error) {
    return `the analysis breaks down: ${String(error)}`
  }
}

function countText(text: string, { counts, byRule, missedBy }: Tally): string | undefined {
  const verdict = judgeByTree(text)
  const isAccepted = verdict.outcome === 'accepted'
  counts.texts++
  counts.characters += text.length
  if (isAccepted) counts.accepted++
  if (verdict.outcome === 'beyond') counts.beyondParser++
  if (scanSaysHarmless(text)) {
    counts.harmless++
    if (isAccepted) counts.harmlessAccepted++
    if (dependsOnStrings(text)) counts.harmlessReadTwice++
    const found = unsound(text, verdict)
    return found === undefined ? undefined : `the scan says harmless, the parse tree finds ${found}`
  }
  if (verdict.effects.length === 0) return undefined
  counts.dangerous++
  for (const rule of new Set(verdict.effects)) increase(byRule, rule, 1)
  for (const [hole, scan] of weakenedScans) if (scan(text)) increase(missedBy, hole, 1)
  return undefined
}

function increase(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by
}
