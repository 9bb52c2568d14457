import { createGuard } from '@poolsafe/core'
import { analyzerOf, observerOf } from '../internals.ts'
import { doubtfulText, harmlessText } from '../texts.ts'
import { settledRss } from './settled-rss.ts'

// Prints the bytes that the process has grown by after many distinct texts. Arguments: what to do with them, and how
// many.

const [act, countText] = process.argv.slice(2)
const count = Number(countText)
const guard = createGuard()
const analyze = analyzerOf(guard)
const observer = observerOf(guard)

/** In characters: that of a query with a join. */
const textLength = 280

/** So that making a text is no dead code where nothing is done with it. */
let seen: unknown

const harmless = textMaker(harmlessText(textLength))
const doubtful = textMaker(doubtfulText(textLength))
const setting = textMaker('SET app."x0" = 1')
/** The same statement with a comment of its own each time, as sqlcommenter writes it. */
const commented = textMaker(`/* "x0" */ ${harmlessText(textLength)}`)

const actions: Record<string, (index: number) => unknown> = {
  nothing: (index) => (seen = harmless(index)),
  harmless: (index) => (seen = analyze(harmless(index))),
  doubtful: (index) => (seen = analyze(doubtful(index))),
  'distinct shapes': (index) => observe(harmless(index)),
  'one shape': (index) => observe(commented(index)),
  settings: (index) => (seen = analyze(setting(index))),
}
const action = act === undefined ? undefined : actions[act]
if (action === undefined || global.gc === undefined)
  throw new Error('This file is started by benchmarks/memory.ts, with --expose-gc.')

// Compiled code, the collector's spaces and the parser come once, whatever follows: they are no growth.
repeat(action, -20_000, 0)
const before = await now()
const start = performance.now()
repeat(action, 0, count)
const millis = performance.now() - start
const peak = process.resourceUsage().maxRSS * 1024
const after = await now()
const grown = {
  heldRss: after.rss - before.rss,
  peakRss: peak - before.rss,
  heldHeap: after.heap - before.heap,
  millis,
}
console.log(JSON.stringify(grown))
if (seen === undefined) throw new Error('Nothing was made.')

function repeat(run: (index: number) => unknown, from: number, to: number): void {
  for (let index = from; index < to; index++) run(index)
}

/** As an adapter does: judged, begun and ended. */
function observe(text: string): unknown {
  analyze(text)
  const execution = observer.begin(text, 'pg', observe)
  observer.end(execution)
  return (seen = execution.shape.fingerprint)
}

/** Makes a text of its own for each index, and no garbage beside it. */
function textMaker(model: string): (index: number) => string {
  const name = '"x'
  const bytes = Buffer.from(model.replace(/"x\d+"/, `${name}000000000"`), 'latin1')
  const digits = bytes.indexOf(name) + name.length
  return (index) => {
    bytes.write(String(1e8 + index), digits, 'latin1')
    return bytes.toString('latin1')
  }
}

/** Returns the memory that is held, without garbage that was not collected yet. */
async function now(): Promise<{ rss: number; heap: number }> {
  const rss = await settledRss()
  return { rss, heap: process.memoryUsage().heapUsed }
}
