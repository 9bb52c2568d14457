import { parseArgs } from 'node:util'
import { compare, hasPassed } from './compare.ts'
import { suites } from './suites.ts'
import { didNotRun, throughPooler } from './through-pooler.ts'
import { workTree } from './work-tree.ts'

// npm run conformance:suites [-- --only pg-pool,kysely] [--from <folder>] Runs the PostgreSQL tests of other projects
// as they are and with their pools guarded. A test that passes as it is must pass guarded.
//
// npm run conformance:suites -- --register --only pg-pool,pg-cursor,pg-query-stream,pg Runs those of node-postgres with
// @poolsafe/register instead.
//
// npm run conformance:suites -- --pooler [direct,warn] Runs Kysely's tests through PgBouncer 1.26, in each of the ways
// of through-pooler.ts or in those whose names end so. With a direct pool all of them must pass.

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string' },
    from: { type: 'string' },
    pooler: { type: 'boolean' },
    register: { type: 'boolean' },
  },
  allowPositionals: true,
})
const names = suites.map(({ name }) => name)
const wanted = values.only?.split(',') ?? names
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`--only: unknown suite ${unknown.join(', ')}; known: ${names.join(', ')}`)

if (values.pooler === true) await runThroughPooler(values.from, positionals[0]?.split(','))
else await runGuarded()

async function runThroughPooler(from: string | undefined, ways: readonly string[] | undefined): Promise<void> {
  const kysely = suites.find(({ name }) => name === 'kysely')
  if (kysely === undefined) return
  const folder = await workTree(kysely.repository, from ?? process.env['POOLSAFE_SUITES'])
  for await (const { way, passed, failed, seconds } of throughPooler(kysely, folder, ways)) {
    console.log(`${way}: ${passed} of ${passed + failed.size} pass, ${seconds.toFixed(1)} s`)
    const ran = [...failed].filter(([, message]) => message !== didNotRun)
    for (const [title, message] of ran) console.log(`  ${title}: ${message.split('\n')[0]}`)
    if (ran.length < failed.size) console.log(`  ${failed.size - ran.length} did not run: the suite hung`)
    if (way.endsWith('direct') && failed.size > 0) process.exitCode = 1
  }
}

async function runGuarded(): Promise<void> {
  for (const suite of suites.filter(({ name }) => wanted.includes(name))) {
    const folder = await workTree(suite.repository, values.from ?? process.env['POOLSAFE_SUITES'])
    console.error(`… ${suite.name}: running`)
    const { unguarded, guarded, unsteady, broken } = await compare(suite, folder)
    const passed = [...unguarded.keys()].filter((title) => hasPassed(unguarded, title))
    const kept = passed.length - broken.size
    console.log(
      `${suite.name}: ${unguarded.size} tests, ${passed.length} pass unguarded, ${kept} of those guarded (${guarded.size} ran)`,
    )
    for (const title of unsteady) console.log(`  failed guarded, and passed alone: ${title}`)
    for (const [title, message] of broken) console.log(`  fails only guarded: ${title}: ${message}`)
    if (broken.size > 0 || passed.length === 0) process.exitCode = 1
  }
}
