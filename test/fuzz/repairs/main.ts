import { rules } from '@poolsafe/core'
import { fuzzOptions } from '../command-line.ts'
import { tryAll } from '../crew.ts'
import { addRepairTally, emptyRepairTally, type RepairTally } from './try-repairs.ts'

// npm run fuzz:repairs -- [--seed 1] [--count 1000000] [--first 0] [--workers 2] What is sent in the place of a text
// parses, differs in nothing but its repairs, and is found safe.

const { seed, count, first, workers } = fuzzOptions(1_000_000)
console.log(`seed ${seed}, texts ${first} to ${first + count - 1}, ${workers} workers`)
const start = performance.now()
const total = emptyRepairTally()
const add = (answer: RepairTally): void => addRepairTally(total, answer)
await tryAll(new URL('worker.ts', import.meta.url), { seed, first, count }, workers, { total, add })
const seconds = (performance.now() - start) / 1000

const { texts, dangerous, repaired, byRule, failures } = total
console.log(
  `${texts.toLocaleString('en')} texts, ${dangerous.toLocaleString('en')} dangerous in a transaction, ${repaired.toLocaleString('en')} repaired`,
)
for (const [rule, repairs] of Object.entries(byRule)) console.log(`  ${rule}  ${repairs.toLocaleString('en')}`)
console.log(`${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} texts a second`)
for (const { index, text, sent, what } of failures)
  console.error(
    `text ${index} of seed ${seed}: ${what}\n  text ${JSON.stringify(text)}\n  sent ${JSON.stringify(sent)}`,
  )
const unmet = rules.filter(({ id, repair }) => repair !== undefined && byRule[id] === undefined).map(({ id }) => id)
const isTooFew = repaired < texts / 10 || (unmet.length > 0 && texts > 10_000)
if (isTooFew) console.error(`Too few repairs: the run proves nothing. ${unmet.join()}`)
if (failures.length > 0 || isTooFew) process.exitCode = 1
else console.log('Each repaired text parses, differs in nothing but its repairs, and is found safe.')
