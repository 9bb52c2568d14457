import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { createGuard as CreateGuard } from '@poolsafe/core'
import type { Engine, engineOf as EngineOf } from '@poolsafe/core/adapter'
import type { isParserLoaded as IsParserLoaded } from '@poolsafe/core/internal'

// Prints what the first import of the file in the first argument takes, and what the first statements take.

interface Core {
  createGuard: typeof CreateGuard
}
interface Adapter {
  isParserLoaded: typeof IsParserLoaded
  engineOf?: typeof EngineOf
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('This file is started by benchmarks/import.ts.')

const [importMillis, core] = await timed(async () => load<Core>(file))
const guard = core.createGuard()
const adapterFile = file.replace(/index(\.c?js)$/, 'adapter$1')
// Commits before the entry `adapter` export its names from the main one.
const { isParserLoaded, engineOf } = await load<Adapter>(existsSync(adapterFile) ? adapterFile : file)
// Commits before the engine have its methods on the guard.
const engine = engineOf?.(guard) ?? (guard as unknown as Engine)
const [harmlessMillis] = await timed(async () => engine.analyze('select 1'))
const parserLoaded = Number(isParserLoaded())
const [doubtfulMillis] = await timed(async () => engine.analyze("select set_config('app.tenant', $1, true)"))
if (!isParserLoaded()) throw new Error('The doubtful statement did not load the parser: it is not doubtful.')
console.log(JSON.stringify({ importMillis, harmlessMillis, parserLoaded, doubtfulMillis }))

async function load<Entry>(path: string): Promise<Entry> {
  return (path.endsWith('.cjs') ? createRequire(import.meta.url)(path) : await import(path)) as Entry
}

/**
 * The time by the clock, or the CPU time of the process if that is less. Other processes lengthen the first, helper
 * threads the second, so what an idle machine takes is at most the lesser of the two.
 */
async function timed<Value>(act: () => Promise<Value>): Promise<[millis: number, Value]> {
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const value = await act()
  const clockMillis = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  return [Math.min(clockMillis, (user + system) / 1000), value]
}
