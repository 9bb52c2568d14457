import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { tryAll } from './crew.ts'
import { fewestForDemands, lacking, superlinear } from './demands.ts'
import { timeLongTexts } from './long-texts.ts'
import { minimised } from './minimise.ts'
import { reportCounts, reportFailure, reportRules, reportTimings, reportWeakened } from './report.ts'
import { faultOf, type Failure } from './tally.ts'

// npm run fuzz -- [--seed 1] [--count 2000000] [--first 0] [--workers 2]
// Never does the scan call a text harmless in which the parse tree finds something. The same seed makes the same texts.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    count: { type: 'string', default: '20000000' },
    first: { type: 'string', default: '0' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
})
const seed = wholeNumber('seed', 0)
const count = wholeNumber('count', 1)
const first = wholeNumber('first', 0)
const workers = wholeNumber('workers', 1)

console.log(`seed ${seed}, texts ${first} to ${first + count - 1}, ${workers} workers`)
const start = performance.now()
let told = start
const tally = await tryAll({ seed, first, count }, workers, (texts) => {
  if (performance.now() - told < 30_000) return
  told = performance.now()
  console.error(`… ${texts.toLocaleString('en')} texts`)
})
const seconds = (performance.now() - start) / 1000

console.log(reportCounts(tally))
const problems = tally.failures.map((failure) => reportFailure(failure, shortestOf(failure), seed))
if (count >= fewestForDemands) {
  console.log(reportRules(tally))
  console.log(reportWeakened(tally))
  const timings = timeLongTexts()
  console.log(reportTimings(timings))
  problems.push(...lacking(tally), ...superlinear(timings))
}
console.log(`${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} texts a second`)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('The scan called no text harmless in which the parse tree finds anything.')

function shortestOf({ text }: Failure): string {
  return minimised(text, (shorter) => faultOf(shorter) !== undefined)
}

function wholeNumber(option: keyof typeof values, least: number): number {
  const value = Number(values[option])
  if (!Number.isInteger(value) || value < least || value > 2 ** 32) throw new Error(`--${option} is a whole number from ${least} to 2^32.`)
  return value
}
