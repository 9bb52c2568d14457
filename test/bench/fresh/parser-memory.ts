import { createGuard } from '@poolsafe/core'
import { analyzerOf } from '../internals.ts'
import { settledRss } from './settled-rss.ts'

// Prints the bytes that the process has grown by after so many parses. Arguments: the numbers of parses, each above the
// one before.

/** Remembers nothing: every text is parsed. */
const guard = createGuard({ cacheBytes: 0 })
const analyze = analyzerOf(guard)

/** Each way through the parser: a tree, an error, and a PL/pgSQL body with statements in it. */
const texts: readonly ((index: number) => string)[] = [
  (index) => `SET app.x_${index} = 1`,
  (index) => `SELECT set_config('app.x', $1, true), "a"."b" FROM "a" WHERE "a"."c" = ${index} AND "a"."d" IN ($1, $2)`,
  (index) => `SET app.x_${index} = =`,
]
const block = (index: number): string => `DO $$ BEGIN PERFORM set_config('app.x', '${index}', true); END $$`

/** A body takes three parses and ten times the time: one text in a hundred. */
const blockEvery = 100

/** So that no call is optimised away. */
let seen: unknown

const warm = 50_000
parse(0, warm)
const before = await settledRss()
const grown: Record<string, number> = {}
let done = warm
for (const count of process.argv.slice(2).map(Number)) {
  parse(done, warm + count)
  done = warm + count
  grown[count] = (await settledRss()) - before
}
console.log(JSON.stringify(grown))
if (seen === undefined) throw new Error('Nothing was parsed.')

function parse(from: number, to: number): void {
  for (let index = from; index < to; index++) {
    const make = index % blockEvery === 0 ? block : texts[index % texts.length]
    seen = analyze(make!(index))
  }
}
