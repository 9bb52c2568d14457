import type { createGuard as CreateGuard } from '@poolsafe/core'
import type { isParserLoaded as IsParserLoaded } from '@poolsafe/core/adapter'
import { dirname, join } from 'node:path'

// Prints what the first import of the file in the first argument takes, and then the first statements.

interface Core {
  createGuard: typeof CreateGuard
}
interface Adapter {
  isParserLoaded: typeof IsParserLoaded
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('This file is started by benchmarks/import.ts.')

const [importMillis, core] = await timed(async () => (await import(file)) as Core)
const guard = core.createGuard()
const [harmlessMillis] = await timed(async () => guard.analyze('select 1'))
const { isParserLoaded } = (await import(join(dirname(file), 'adapter.js'))) as Adapter
const parserLoaded = isParserLoaded()
const [doubtfulMillis] = await timed(async () => guard.analyze("select set_config('app.tenant', $1, true)"))
if (!isParserLoaded()) throw new Error('The doubtful statement did not load the parser: it is not doubtful.')
console.log(JSON.stringify({ importMillis, harmlessMillis, parserLoaded, doubtfulMillis }))

async function timed<Value>(act: () => Promise<Value>): Promise<[number, Value]> {
  const start = performance.now()
  const value = await act()
  return [performance.now() - start, value]
}
