import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { runChild } from './child.ts'
import { installNodePostgres } from './node-postgres/install.ts'
import { nodePostgresSuites } from './node-postgres/suites.ts'
import { repositories, type Suite } from './suite.ts'

// npm run conformance:suites -- [--only pg-pool,pg] [--node-postgres <folder or URL>]
// A test of these libraries that passes without poolsafe passes with it. The repositories are cloned into .cache, and never committed.

const suites: readonly Suite[] = nodePostgresSuites
const install: { readonly [Name in Suite['repository']]: (folder: string) => Promise<void> } = { 'node-postgres': installNodePostgres }

const { values } = parseArgs({
  options: { only: { type: 'string' }, 'node-postgres': { type: 'string', default: repositories['node-postgres'] } },
})
const wanted = values.only?.split(',') ?? suites.map(({ name }) => name)
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) throw new Error(`--only: unknown suite ${unknown.join(', ')}; known: ${suites.map(({ name }) => name).join(', ')}`)

const cache = join(import.meta.dirname, '../../.cache/suites')
for (const suite of suites.filter(({ name }) => wanted.includes(name))) {
  const folder = await workTree(suite.repository)
  const unguarded = await onServer((server) => suite.run(folder, false, server))
  const guarded = await onServer((server) => suite.run(folder, true, server))
  const passed = [...unguarded].filter(([, result]) => result === 'passed').map(([title]) => title)
  const lost = passed.filter((title) => guarded.get(title) !== 'passed')
  console.log(`${suite.name}: ${unguarded.size} tests, ${passed.length} pass unguarded, ${passed.length - lost.length} of those guarded`)
  for (const title of lost) console.log(`  fails only guarded: ${title}`)
  if (lost.length > 0 || passed.length === 0) process.exitCode = 1
}

async function onServer<Result>(use: (server: PostgresServer) => Promise<Result>): Promise<Result> {
  const server = await startPostgres({ settings: { max_connections: '200' } })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

/** A clone of the repository, with what its tests depend on. */
async function workTree(repository: Suite['repository']): Promise<string> {
  const folder = join(cache, repository)
  if (existsSync(join(folder, 'node_modules'))) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const source = values[repository]
  const { code, stderr } = await runChild('git', ['clone', '--quiet', '--depth', '1', source, folder], { cwd: cache, limitMillis: 300_000 })
  if (code !== 0) throw new Error(`${source} cannot be cloned; name a mirror with --${repository} <folder or URL>:\n${stderr}`)
  await install[repository](folder)
  return folder
}
