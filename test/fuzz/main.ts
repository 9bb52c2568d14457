import { fuzzOptions } from './command-line.ts'
import { tryAll } from './crew.ts'
import { fewestForDemands, lacking, superlinear } from './demands.ts'
import { grownTooFast, measureGrowth } from './growth.ts'
import { timeLongTexts } from './long-texts.ts'
import { minimised } from './minimise.ts'
import { reportCounts, reportFailure, reportGrowth, reportRules, reportTimings, reportWeakened } from './report.ts'
import { addTally, emptyTally, faultOf, type Failure, type Tally } from './tally.ts'

// npm run fuzz -- [--seed 1] [--count 2000000] [--first 0] [--workers 2]
// Never does the scan call a text harmless in which the parse tree finds something. The same seed makes the same texts.

const { seed, count, first, workers } = fuzzOptions(20_000_000)

console.log(`seed ${seed}, texts ${first} to ${first + count - 1}, ${workers} workers`)
const start = performance.now()
let told = start
const total = emptyTally()
const add = (answer: Tally): void => {
  addTally(total, answer)
  if (performance.now() - told < 30_000) return
  told = performance.now()
  console.error(`… ${total.counts.texts.toLocaleString('en')} texts`)
}
const tally = await tryAll(new URL('worker.ts', import.meta.url), { seed, first, count }, workers, { total, add })
const seconds = (performance.now() - start) / 1000

console.log(reportCounts(tally))
const problems = tally.failures.map((failure) => reportFailure(failure, shortestOf(failure), seed))
if (count >= fewestForDemands) {
  console.log(reportRules(tally))
  console.log(reportWeakened(tally))
  const timings = timeLongTexts()
  console.log(reportTimings(timings))
  const growths = measureGrowth(seed)
  console.log(reportGrowth(growths))
  problems.push(...lacking(tally), ...superlinear(timings), ...grownTooFast(growths))
}
console.log(`${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} texts a second`)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('The scan called no text harmless in which the parse tree finds anything.')

function shortestOf({ text }: Failure): string {
  return minimised(text, (shorter) => faultOf(shorter) !== undefined)
}
