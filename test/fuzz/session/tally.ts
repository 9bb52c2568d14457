import type { PlayedMode } from './forms.ts'
import { generate } from './generate.ts'
import { described, shrunk } from './shrink.ts'
import type { Kind, MadeTransaction } from './transaction.ts'
import type { Trial, Verdict } from './trial.ts'

/** Transactions to try: the same seed and index make the same one. */
export interface Batch {
  readonly seed: number
  readonly first: number
  readonly count: number
  /** One transaction in this many is examined for false alarms, which takes several more runs of it. */
  readonly examineOneIn: number
  /** The mode of the guards. In mode `repair`, nothing is examined for false alarms: a replay repairs nothing. */
  readonly mode: PlayedMode
  /** Lists each false alarm with the shortest transaction that has it. */
  readonly listsFalseAlarms?: boolean
}

/** The results of many transactions. */
export interface Tally {
  readonly counts: {
    transactions: number
    /** Transactions after which the session held something. */
    dirty: number
    /** Transactions in which the guard reported something. */
    reported: number
    /** Examined transactions with a false alarm. */
    falseAlarms: number
    /** Transactions that were examined for false alarms. */
    examined: number
  }
  /** Transactions that left something that no finding reports, shortened as far as possible. */
  readonly misses: string[]
  /** How often a session held a kind of state. */
  readonly dirtyKinds: Partial<Record<Kind, number>>
  /** By rule and form. */
  readonly falseAlarmsOf: Record<string, number>
  /** Transactions with a false alarm, shortened as far as possible, if they are listed. */
  readonly falseAlarms: string[]
}

export function emptyTally(): Tally {
  return {
    counts: { transactions: 0, dirty: 0, reported: 0, falseAlarms: 0, examined: 0 },
    misses: [],
    dirtyKinds: {},
    falseAlarmsOf: {},
    falseAlarms: [],
  }
}

/** Adds one tally to another, in place. */
export function addTally(sum: Tally, { counts, misses, dirtyKinds, falseAlarmsOf, falseAlarms }: Tally): void {
  for (const key of Object.keys(counts) as (keyof Tally['counts'])[]) sum.counts[key] += counts[key]
  sum.misses.push(...misses)
  sum.falseAlarms.push(...falseAlarms)
  addCounts(sum.dirtyKinds, dirtyKinds)
  addCounts(sum.falseAlarmsOf, falseAlarmsOf)
}

function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count
}

/** Plays all transactions of a batch, one at a time on each trial. */
export async function tallyOf(trials: readonly Trial[], batch: Batch): Promise<Tally> {
  const tally = emptyTally()
  let next = batch.first
  const play = async (trial: Trial): Promise<void> => {
    while (next < batch.first + batch.count) await add(tally, trial, batch, next++)
  }
  await Promise.all(trials.map(play))
  return tally
}

async function add(tally: Tally, trial: Trial, batch: Batch, index: number): Promise<void> {
  const transaction = generate(batch.seed, index)
  const isExamined = batch.mode === 'warn' && index % batch.examineOneIn === 0
  if (isExamined) tally.counts.examined++
  const verdict = await trial.judge(transaction, isExamined)
  note(tally, transaction, verdict)
  const again = `  Again: npm run fuzz:session -- --mode ${batch.mode} --seed ${batch.seed} --first ${index} --count 1`
  const [kind] = verdict.missed
  if (kind !== undefined) {
    const isMissed = async (shorter: MadeTransaction): Promise<boolean> =>
      (await trial.judge(shorter, false)).missed.includes(kind)
    tally.misses.push(
      `No finding reports the ${kind} that this leaves\n${await shortest(transaction, isMissed)}\n${again}`,
    )
  }
  const [rule] = verdict.falseAlarms
  if (rule !== undefined && batch.listsFalseAlarms === true) {
    const isFalse = async (shorter: MadeTransaction): Promise<boolean> =>
      (await trial.judge(shorter, true)).falseAlarms.includes(rule)
    tally.falseAlarms.push(`${rule} is a false alarm\n${await shortest(transaction, isFalse)}\n${again}`)
  }
}

function note({ counts, dirtyKinds, falseAlarmsOf }: Tally, { form }: MadeTransaction, verdict: Verdict): void {
  const { dirty, falseAlarms, isReported } = verdict
  counts.transactions++
  if (dirty.length > 0) counts.dirty++
  if (isReported) counts.reported++
  if (falseAlarms.length > 0) counts.falseAlarms++
  for (const kind of dirty) addCounts(dirtyKinds, { [kind]: 1 })
  for (const rule of falseAlarms) addCounts(falseAlarmsOf, { [`${rule} (${form})`]: 1 })
}

async function shortest(
  transaction: MadeTransaction,
  stillFails: (shorter: MadeTransaction) => Promise<boolean>,
): Promise<string> {
  return described(await shrunk(transaction, stillFails))
}
