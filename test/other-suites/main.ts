import { parseArgs } from 'node:util'
import { buildCopy } from './copy.ts'
import { runSuite } from './run-suite.ts'
import { suites } from './suites.ts'

// npm run conformance:suites [-- --from <folder>] [<part of a suite's name>]
// Runs the PostgreSQL tests of other projects with their pools guarded and without. A test that passes without must pass guarded.

const { values, positionals } = parseArgs({ options: { from: { type: 'string' } }, allowPositionals: true })
const fetched = values.from ?? process.env['POOLSAFE_SUITES']
if (fetched === undefined)
  throw new Error('name the folder that holds the repositories: --from <folder>, or POOLSAFE_SUITES (docs/conformance-suites.md)')

let isGood = true
for (const suite of suites.filter(({ name }) => name.includes(positionals[0] ?? ''))) {
  console.error(`… ${suite.name}: building`)
  const folder = await buildCopy(suite, fetched)
  console.error(`… ${suite.name}: unguarded`)
  const unguarded = await runSuite(suite, folder, false)
  console.error(`… ${suite.name}: guarded`)
  const guarded = await runSuite(suite, folder, true)
  const broken = [...unguarded.passed].filter((title) => !guarded.passed.has(title))
  console.log(
    `${suite.name} ${suite.version}: ${unguarded.passed.size} pass unguarded, ${guarded.passed.size} guarded, ${broken.length} broken by the guard`,
  )
  for (const title of broken) console.log(`  ${title}: ${guarded.failed.get(title) ?? 'did not run'}`)
  if (broken.length > 0 || unguarded.passed.size === 0) isGood = false
}
process.exitCode = isGood ? 0 : 1
