import { generate } from './generate.ts'
import { described, shrunk } from './shrink.ts'
import type { Kind } from './transaction.ts'
import type { Trial, Verdict } from './trial.ts'

/** Transactions to try: the same seed and index make the same one. */
export interface Batch {
  readonly seed: number
  readonly first: number
  readonly count: number
  /** Of how many transactions one has its findings examined for false alarms, which takes several more runs of it. */
  readonly examineOneIn: number
}

/** What came of transactions. */
export interface Tally {
  readonly counts: {
    transactions: number
    /** After which the session held something. */
    dirty: number
    /** In which the guard reported something. */
    reported: number
    /** In which a finding says that something stays, though nothing does, nor would if a statement had failed. */
    falseAlarms: number
    /** Transactions that were examined for false alarms. */
    examined: number
  }
  /** Transactions that left what no finding speaks of, each as short as can be. */
  readonly misses: string[]
  /** How often a session held a kind of state. */
  readonly dirtyKinds: Partial<Record<Kind, number>>
  /** By rule. */
  readonly falseAlarmsOf: Record<string, number>
}

export function emptyTally(): Tally {
  return {
    counts: { transactions: 0, dirty: 0, reported: 0, falseAlarms: 0, examined: 0 },
    misses: [],
    dirtyKinds: {},
    falseAlarmsOf: {},
  }
}

/** Adds one tally to another, in place. */
export function addTally(sum: Tally, { counts, misses, dirtyKinds, falseAlarmsOf }: Tally): void {
  for (const key of Object.keys(counts) as (keyof Tally['counts'])[]) sum.counts[key] += counts[key]
  sum.misses.push(...misses)
  addCounts(sum.dirtyKinds, dirtyKinds)
  addCounts(sum.falseAlarmsOf, falseAlarmsOf)
}

function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count
}

function note({ counts, dirtyKinds, falseAlarmsOf }: Tally, { dirty, falseAlarms, isReported }: Verdict): void {
  counts.transactions++
  if (dirty.length > 0) counts.dirty++
  if (isReported) counts.reported++
  if (falseAlarms.length > 0) counts.falseAlarms++
  for (const kind of dirty) addCounts(dirtyKinds, { [kind]: 1 })
  for (const rule of falseAlarms) addCounts(falseAlarmsOf, { [rule]: 1 })
}

/** Plays all transactions of a batch. */
export async function tallyOf(trial: Trial, { seed, first, count, examineOneIn }: Batch): Promise<Tally> {
  const tally = emptyTally()
  for (let index = first; index < first + count; index++) {
    const transaction = generate(seed, index)
    const isExamined = index % examineOneIn === 0
    if (isExamined) tally.counts.examined++
    const verdict = await trial.judge(transaction, isExamined)
    note(tally, verdict)
    const [kind] = verdict.missed
    if (kind === undefined) continue
    const shortest = await shrunk(transaction, async (shorter) =>
      (await trial.judge(shorter, false)).missed.includes(kind),
    )
    const again = `npm run fuzz:session -- --seed ${seed} --first ${index} --count 1`
    tally.misses.push(
      `seed ${seed}, index ${index}: nothing is said of the ${kind} that this leaves\n${described(shortest)}\n  Again: ${again}`,
    )
  }
  return tally
}
