import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { majorVariable, postgresMajors } from '../../support/servers/postgres-versions.ts'

// `npm run conformance:postgres`: the tests of audit, doctor and watch on PostgreSQL 13 to 17. Takes minutes, and
// installs 60 MB for each version into a folder for temporary files.

const root = join(import.meta.dirname, '../../..')
const files = ['test/integration/operate', 'test/integration/cli/watch.test.ts']
const wanted = process.argv.slice(2).map(Number)
const majors = postgresMajors.filter((major) => wanted.length === 0 || wanted.includes(major))
const failed = majors.filter((major) => {
  process.stdout.write(`\nPostgreSQL ${major}\n`)
  const args = ['run', '--root', '.', '--config', 'test/vitest.config.ts', ...files]
  const { status } = spawnSync('vitest', args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [majorVariable]: String(major) },
  })
  return status !== 0
})
process.stdout.write(failed.length === 0 ? '\nall passed\n' : `\nfailed on PostgreSQL ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
