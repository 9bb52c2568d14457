import { join } from 'node:path'
import { pointAtServer } from './kysely/install.ts'
import { mocha } from './mocha.ts'
import { runFilesOfPg } from './node-postgres/files-of-pg.ts'
import { guardFlags as guardPg } from './node-postgres/guard-flags.ts'
import { environment, type Suite } from './suite.ts'

const guardKysely = ['--conditions=@poolsafe/source', '--import', join(import.meta.dirname, 'kysely/guard.ts')]

/** Every suite that has to pass guarded. */
export const suites: readonly Suite[] = [
  ofNodePostgres('pg-pool', 'test/*.js', []),
  ofNodePostgres('pg-cursor', 'test/*.js', []),
  ofNodePostgres('pg-query-stream', 'test/*.ts', ['--import', 'tsx']),
  { name: 'pg', repository: 'node-postgres', run: runFilesOfPg },
  {
    name: 'kysely',
    repository: 'kysely',
    database: ["CREATE ROLE kysely LOGIN SUPERUSER PASSWORD 'kysely'", 'CREATE DATABASE kysely_test OWNER kysely'],
    users: { kysely: 'kysely' },
    async run(folder, run) {
      await pointAtServer(folder, run.server)
      const env = { DIALECTS: 'postgres' }
      return mocha(
        { folder, cwd: folder, files: 'test/node/dist/**/*.test.js', flags: [], guardFlags: guardKysely, env },
        run,
      )
    },
  },
]

function ofNodePostgres(name: string, files: string, flags: readonly string[]): Suite {
  return {
    name,
    repository: 'node-postgres',
    run(folder, run) {
      const cwd = join(folder, 'packages', name)
      return mocha({ folder, cwd, files, flags, guardFlags: guardPg, env: environment(run.server) }, run)
    },
  }
}
