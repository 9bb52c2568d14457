import { parseArgs } from 'node:util'
import { compare, hasPassed } from './compare.ts'
import { suites } from './suites.ts'
import { workTree } from './work-tree.ts'

// npm run conformance:suites [-- --only pg-pool,kysely] [--from <folder>] Runs the PostgreSQL tests of other projects
// as they are and with their pools guarded. A test that passes as it is must pass guarded.

const { values } = parseArgs({ options: { only: { type: 'string' }, from: { type: 'string' } } })
const names = suites.map(({ name }) => name)
const wanted = values.only?.split(',') ?? names
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`--only: unknown suite ${unknown.join(', ')}; known: ${names.join(', ')}`)

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
