import { createGuard } from '@poolsafe/core'
import { analyzerOf } from '../internals.ts'
import { parseAndWalkEach, parseEach } from '../contenders/parse-each.ts'
import { median } from '../statistics.ts'
import { flat } from '../texts.ts'

// Prints the microseconds that judging one statement takes, by approach and text. First argument: milliseconds to spend
// on each.

const spendMillis = Number(process.argv[2])
const guard = createGuard()
const analyze = analyzerOf(guard)

/** The texts of an application: as many as it has statements, each a new string whenever it is sent. */
const distinct = 200
const texts: Readonly<Record<string, (index: number) => string>> = {
  'short, 60 characters': (index) => ormText(60, index),
  'medium, 500 characters': (index) => ormText(500, index),
  'long, 5,000 characters': (index) => ormText(5_000, index),
  'doubtful, 500 characters': (index) => ormText(500, index, "set_config('app.org', $1, true), "),
}

let made = 0

/** Names of models are of many lengths. */
const words = 'UserOrderInvoicePaymentSessionAddressProduct'

/** A statement as ORMs write them: its table before every column. */
function ormText(length: number, index: number, first = ''): string {
  const table = `"${words.slice(0, 4 + (index % 40))}${made++}"`
  const column = `${table}."column${index}"`
  let text = `SELECT ${first}${column} FROM ${table} WHERE true`
  while (text.length < length) text += ` AND ${column} = $1`
  return flat(text)
}

/** One way to judge texts that are new, or were seen before. */
interface Approach {
  readonly judge: (sql: string) => unknown
  readonly again: boolean
}

const approaches: Readonly<Record<string, Approach>> = {
  'poolsafe, seen before': { judge: (sql) => analyze(sql), again: true },
  'poolsafe, first sight': { judge: (sql) => analyze(sql), again: false },
  'libpg-query on every statement': { judge: await parseEach(), again: true },
  'parse and walk, as pg-bounceguard does': { judge: await parseAndWalkEach(), again: true },
}

/** So that no call is optimised away. */
let seen: unknown

function microsOf(judge: (sql: string) => unknown, sqls: readonly string[]): number {
  const before = performance.now()
  for (const sql of sqls) seen = judge(sql)
  return ((performance.now() - before) * 1000) / sqls.length
}

/**
 * The texts of a batch are made right before it, as a query builder makes them: they are still in the processor's own
 * memory.
 */
function measure({ judge, again }: Approach, make: (index: number) => string): number {
  const known = Array.from({ length: distinct }, (_, index) => make(index))
  const batch = (): number => microsOf(judge, again ? known.map(flat) : known.map((_, index) => make(index)))
  const end = performance.now() + spendMillis
  const figures = [batch(), batch(), batch()].slice(-1)
  while (performance.now() < end) figures.push(batch())
  return median(figures)
}

const figures: Record<string, Record<string, number>> = {}
for (const [text, make] of Object.entries(texts)) {
  figures[text] = Object.fromEntries(
    Object.entries(approaches).map(([name, approach]) => [name, measure(approach, make)]),
  )
}
console.log(JSON.stringify(figures))
if (seen === undefined) throw new Error('Nothing was judged.')
