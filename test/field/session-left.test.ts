import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import pg from 'pg'
import { isClosedByForm, type Form, type Kind, type MadeStatement } from '../fuzz/session/transaction.ts'
import { roles, stage } from '../fuzz/session/stage.ts'
import { Trial } from '../fuzz/session/trial.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

/** A public report, as the statements of one transaction. */
interface Scene {
  readonly report: string
  readonly what: string
  readonly statements: readonly (string | MadeStatement)[]
  readonly commits: boolean
  /** The state that the server shows afterwards. */
  readonly leaves: readonly Kind[]
}

const forms: readonly Form[] = ['pg', 'pipelined pg', 'Kysely', 'Kysely transaction', 'Prisma']

const scenes: readonly Scene[] = [
  {
    report: 'https://github.com/vectorize-io/hindsight/issues/4611',
    what: 'an unlock in an aborted transaction releases nothing',
    statements: ['SELECT pg_try_advisory_lock(1)', 'CREATE EXTENSION missing', 'SELECT pg_advisory_unlock(1)'],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'https://github.com/lakekeeper/lakekeeper/pull/1790',
    what: 'the lock of a migration whose statement fails, in one text',
    statements: [{ sql: 'SELECT pg_advisory_lock(7); INSERT INTO perm VALUES (1); SELECT pg_advisory_unlock(7)' }],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'https://github.com/pgbouncer/pgbouncer/issues/102',
    what: 'a lock that its transaction rolls back is held on',
    statements: ['SELECT pg_advisory_lock(999, 724)', 'SELECT 1'],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'https://github.com/multigres/multigres/pull/729',
    what: 'RESET ALL passes over the role',
    statements: ['SET ROLE app', 'RESET ALL'],
    commits: true,
    leaves: ['role'],
  },
  {
    report: 'https://github.com/pgdogdev/pgdog/issues/1341',
    what: 'RESET ROLE leaves the session authorization',
    statements: ['SET SESSION AUTHORIZATION app', 'SET ROLE admin', 'RESET ROLE'],
    commits: true,
    leaves: ['role'],
  },
  {
    report: 'https://github.com/pgdogdev/pgdog/pull/1444',
    what: 'RESET SESSION AUTHORIZATION ends the role as well',
    statements: ['SET ROLE app', 'RESET SESSION AUTHORIZATION'],
    commits: true,
    leaves: [],
  },
  {
    report: 'https://github.com/ujeenet/rustango/issues/1224',
    what: 'a search path whose reset is refused goes with the rollback',
    statements: ["SET search_path = 'public', pg_temp", 'SELECT * FROM missing', 'RESET search_path'],
    commits: false,
    leaves: [],
  },
  {
    report: 'https://github.com/RoboFinSystems/robosystems/pull/808',
    what: 'a search path that is put back after its transaction was rolled back to a savepoint',
    statements: [
      'SET search_path = public',
      'SAVEPOINT request',
      'RESET search_path',
      'SELECT 1 / 0',
      'ROLLBACK TO request',
    ],
    commits: true,
    leaves: ['setting'],
  },
  {
    report: 'https://github.com/yetone/cumora/pull/12',
    what: 'limits that a migration lifts, and puts back only if it had something to do',
    statements: [
      "SET statement_timeout = '71s'",
      'DO $$ BEGIN IF EXISTS (SELECT FROM perm WHERE id = 99) THEN RESET statement_timeout; END IF; END $$',
    ],
    commits: true,
    leaves: ['setting'],
  },
  {
    report: 'https://github.com/brianc/node-postgres/issues/2733',
    what: 'a function of pg_temp that is dropped without its schema',
    statements: [
      "CREATE OR REPLACE FUNCTION pg_temp.a(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n + 1'",
      'DROP FUNCTION IF EXISTS a(integer)',
    ],
    commits: true,
    leaves: ['temporary'],
  },
  {
    report: 'https://github.com/MagicStack/asyncpg/issues/1293',
    what: 'a temporary table that is dropped in a block whose error is caught',
    statements: [
      'CREATE TEMPORARY TABLE a (id int PRIMARY KEY)',
      'DO $$ BEGIN DROP TABLE a; PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END $$',
    ],
    commits: true,
    leaves: ['temporary'],
  },
  {
    report: 'https://github.com/jackc/pgx/pull/1795',
    what: 'a statement that is deallocated in an aborted transaction stays prepared',
    statements: ['PREPARE a AS SELECT 1', 'SELECT 1 / 0', 'DEALLOCATE a'],
    commits: false,
    leaves: ['prepared'],
  },
  {
    report: 'https://github.com/cockroachdb/cockroach/issues/8061',
    what: 'a statement that fails between PREPARE and DEALLOCATE of one text',
    statements: [{ sql: 'PREPARE a AS SELECT 1 / (id - 1) FROM perm; EXECUTE a; DEALLOCATE a' }],
    commits: true,
    leaves: ['prepared'],
  },
  {
    report: 'https://github.com/typeorm/typeorm/issues/5857',
    what: 'a tenant that is cleared under a name that comes from outside',
    statements: [
      "SELECT set_config('app.a', '7', false)",
      { sql: 'SELECT set_config($1, NULL, false)', values: ['app.b'] },
    ],
    commits: true,
    leaves: ['setting'],
  },
  {
    report: 'own trial',
    what: 'a setting that one text prepares and another executes',
    statements: ["PREPARE a AS SELECT set_config('app.a', '7', false)", 'EXECUTE a', 'DEALLOCATE a'],
    commits: true,
    leaves: ['setting'],
  },
  {
    report: 'own trial',
    what: 'a lock in the parameters of an EXECUTE that is only explained',
    statements: ['PREPARE a (text) AS SELECT $1', 'EXPLAIN EXECUTE a (pg_try_advisory_lock(1)::text)', 'DEALLOCATE a'],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'own trial',
    what: 'a function of pg_temp that is dropped by another name of its type',
    statements: [
      'CREATE FUNCTION pg_temp.a(int4) RETURNS int LANGUAGE sql RETURN 1',
      'DROP FUNCTION pg_temp.a(integer)',
    ],
    commits: true,
    leaves: [],
  },
  {
    report: 'own trial',
    what: 'DEALLOCATE of a name that is not there, between a lock and its unlock',
    statements: [{ sql: 'SELECT pg_advisory_lock(1); DEALLOCATE missing; SELECT pg_advisory_unlock_all()' }],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'own trial',
    what: 'a DO block that fails between a lock and its unlock',
    statements: ['DO $$ BEGIN PERFORM pg_advisory_lock(1); PERFORM 1 / 0; PERFORM pg_advisory_unlock(1); END $$'],
    commits: false,
    leaves: ['lock'],
  },
  {
    report: 'own trial',
    what: 'a lock in a transaction that goes on from a savepoint of the text that failed',
    statements: [{ sql: "SAVEPOINT a; SELECT 'x'::int" }, 'ROLLBACK TO a', 'SELECT pg_advisory_lock(1)'],
    commits: true,
    leaves: ['lock'],
  },
  {
    report: 'own trial',
    what: 'DROP finds a permanent table where pg_temp is not the first schema',
    statements: [
      'CREATE TABLE public.b (id int)',
      'CREATE TEMP TABLE b (id int)',
      "SELECT set_config('search_path', 'public, pg_temp', true)",
      'DROP TABLE b',
    ],
    commits: true,
    leaves: ['temporary'],
  },
  {
    report: 'own trial',
    what: 'DISCARD TEMP leaves the search path that makes the next table temporary',
    statements: [
      { sql: 'SET LOCAL search_path = pg_temp; CREATE TABLE a (id int)' },
      'DISCARD TEMP',
      'CREATE TABLE a (id int)',
    ],
    commits: true,
    leaves: ['temporary'],
  },
  {
    report: 'own trial',
    what: 'the name of pg_temp in a search path has any case',
    statements: ["SELECT set_config('search_path', 'PG_TEMP', true)", 'CREATE TABLE a (id int)'],
    commits: true,
    leaves: ['temporary'],
  },
]

let server: SharedPostgres
let trial: Trial

beforeAll(async () => {
  server = await sharedPostgres()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(`${roles}; ${stage}`)
  await client.end()
  trial = await Trial.open(server.url, 'warn')
})

afterAll(async () => {
  await trial.close()
  await server.stop()
})

describe.each(scenes)('$what ($report)', ({ statements, commits, leaves }) => {
  test.each(forms)('through %s', async (form) => {
    const inner = statements.map((statement) => [typeof statement === 'string' ? { sql: statement } : statement])
    const texts = isClosedByForm(form)
      ? inner
      : [[{ sql: 'BEGIN' }], ...inner, [{ sql: commits ? 'COMMIT' : 'ROLLBACK' }]]
    const { dirty, missed, falseAlarms } = await trial.judge({ form, texts, commits }, true)
    expect(dirty).toEqual(leaves)
    expect(missed).toEqual([])
    expect(falseAlarms).toEqual([])
  })
})
