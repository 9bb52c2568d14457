import { createGuard } from '@poolsafe/core'
import { analyzerOf, observerOf } from '../internals.ts'
import { fullInsert, variants, type Decider } from '../variants.ts'
import { settledRss } from './settled-rss.ts'

// Prints what statements cost that differ in what no rule can see, and what the process has grown by after them.
// Arguments: unguarded, guarded or observed, the variant, who decides, how many.

const [act, name = '', decider, countText] = process.argv.slice(2)
const count = Number(countText)
const make = name === 'full insert' ? (_: Decider, index: number) => fullInsert(index % 10) : variants[name]
if (make === undefined || global.gc === undefined)
  throw new Error('This file is started by benchmarks/variants.ts, with --expose-gc.')

/** So that making a text is no dead code where nothing is done with it. */
let seen: unknown
const guard = createGuard()
const analyze = analyzerOf(guard)
const observer = observerOf(guard)
const looks: Readonly<Record<string, (text: string) => unknown>> = {
  unguarded: (text) => (seen = text.charCodeAt(0)),
  guarded: (text) => (seen = analyze(text)),
  observed: observe,
}
const look = looks[act ?? '']
if (look === undefined) throw new Error(`There is no act '${act}'.`)

// Compiled code, the collector's spaces and the parser come once, whatever follows: they are no growth.
repeat(-Math.min(count, 5_000), 0)
const before = await settledRss()
const start = process.cpuUsage()
repeat(0, count)
const { user, system } = process.cpuUsage(start)
console.log(JSON.stringify({ micros: (user + system) / count, heldRss: (await settledRss()) - before }))
if (seen === undefined) throw new Error('Nothing was made.')

function repeat(from: number, to: number): void {
  for (let index = from; index < to; index++) look!(make!(decider as Decider, Math.abs(index)))
}

/** Begun and ended, without being judged. */
function observe(text: string): unknown {
  const execution = observer.begin(text, 'pg', observe)
  observer.end(execution)
  return (seen = execution.shape.fingerprint)
}
