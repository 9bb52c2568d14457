import { fuzzOptions } from '../command-line.ts'
import { tryAll } from '../crew.ts'
import { addRedactionTally, emptyRedactionTally, type RedactionTally } from './leaks.ts'

// npm run fuzz:redaction -- [--seed 1] [--count 1000000] [--first 0] [--workers 2] Nothing that poolsafe shows of a
// statement holds a literal, a comment or the value of a setting, as PostgreSQL's lexer and parser read it.

const { seed, count, first, workers } = fuzzOptions(1_000_000)
console.log(`seed ${seed}, texts ${first} to ${first + count - 1}, ${workers} workers`)
const start = performance.now()
const total = emptyRedactionTally()
const add = (answer: RedactionTally): void => addRedactionTally(total, answer)
await tryAll(new URL('worker.ts', import.meta.url), { seed, first, count }, workers, { total, add })
const seconds = (performance.now() - start) / 1000

const { texts, read, secrets, leaks } = total
console.log(
  `${texts.toLocaleString('en')} texts, ${read.toLocaleString('en')} read by PostgreSQL's lexer, ${secrets.toLocaleString('en')} secrets in them`,
)
console.log(`${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} texts a second`)
for (const { index, where, sql } of leaks)
  console.error(`text ${index} of seed ${seed} leaks into ${where}; shortened: ${JSON.stringify(sql)}`)
if (secrets < texts) console.error('Too few secrets: the run proves nothing.')
if (leaks.length > 0 || secrets < texts) process.exitCode = 1
else console.log('No secret is in a redacted statement, a fingerprint, a summary or a finding.')
