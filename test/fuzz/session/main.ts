import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { playAll } from './crew.ts'
import type { PlayedMode } from './forms.ts'
import type { Tally } from './tally.ts'

// npm run fuzz:session -- [--seed 1] [--count 200000] [--first 0] [--examineOneIn 10] [--listFalseAlarms] [--mode repair] [--workers 2]
// Plays random transactions on a live server and looks into the session: a finding must have reported what it holds.
// The same seed and index generate the same transaction.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    count: { type: 'string', default: '200000' },
    first: { type: 'string', default: '0' },
    examineOneIn: { type: 'string', default: '10' },
    listFalseAlarms: { type: 'boolean', default: false },
    mode: { type: 'string', default: 'warn' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
})
const seed = wholeNumber('seed', 0)
const count = wholeNumber('count', 1)
const first = wholeNumber('first', 0)
const workers = wholeNumber('workers', 1)

const examineOneIn = wholeNumber('examineOneIn', 1)
const mode = playedMode(values.mode)

/** The limit for false alarms, in percent of the examined transactions. */
const mostFalseAlarms = 1

console.log(`mode ${mode}, seed ${seed}, transactions ${first} to ${first + count - 1}, ${workers} workers`)
const start = performance.now()
let reported = start
const batch = { seed, first, count, examineOneIn, mode, listsFalseAlarms: values.listFalseAlarms }
const tally = await playAll(batch, workers, (transactions) => {
  if (performance.now() - reported < 30_000) return
  reported = performance.now()
  console.error(`… ${transactions.toLocaleString('en')} transactions`)
})
const seconds = (performance.now() - start) / 1000

const problems = problemsOf(tally)
console.log(summaryOf(tally))
console.log(`${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} transactions a second`)
for (const each of tally.falseAlarms) console.log(each)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('The guard reported every kind of state that a session held.')

function summaryOf({ counts, misses, falseAlarmsOf }: Tally): string {
  const { transactions, dirty, reported: withFindings, falseAlarms, examined } = counts
  const share = ((100 * falseAlarms) / Math.max(examined, 1)).toFixed(2)
  const rules = Object.entries(falseAlarmsOf).toSorted(([, one], [, other]) => other - one)
  return [
    `${transactions} transactions: ${dirty} left a dirty session, ${withFindings} had a finding, ${misses.length} were missed`,
    `${falseAlarms} false alarms in ${examined} that were examined (${share} %): ${rules.map(([rule, times]) => `${rule} ${times}`).join(', ')}`,
  ].join('\n')
}

function problemsOf({ counts, misses }: Tally): string[] {
  const tooMany = counts.falseAlarms * 100 > counts.examined * mostFalseAlarms
  return tooMany ? [...misses, `More than ${mostFalseAlarms} % of the transactions had a false alarm.`] : misses
}

function playedMode(given: string): PlayedMode {
  if (given !== 'warn' && given !== 'repair') throw new Error('--mode is warn or repair.')
  return given
}

function wholeNumber(option: Exclude<keyof typeof values, 'listFalseAlarms' | 'mode'>, least: number): number {
  const value = Number(values[option])
  if (!Number.isInteger(value) || value < least || value > 2 ** 32)
    throw new Error(`--${option} is a whole number from ${least} to 2^32.`)
  return value
}
