import { audit, type Ask, type AuditReport } from '@poolsafe/operate'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testMajor } from '../../../support/servers/postgres-versions.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { alike } from './alike.ts'
import { hidden, type StoredCase } from './hidden.ts'
import { alikeBranches, hiddenBranches } from './branches.ts'
import { alikeMore, hiddenMore } from './hidden-more.ts'
import { alikePaths, hiddenPaths } from './paths.ts'
import { changesSession as changes } from './session-change.ts'
import { helpers } from './stage.ts'

let server: SharedPostgres
let owner: pg.Client
let report: AuditReport

/** A role that is there from the start, reads all tables and is no superuser. */
const reader = testMajor < 14 ? 'pg_monitor' : 'pg_read_all_data'

/** Returns the cases that this version of PostgreSQL supports. */
const possible = (cases: readonly StoredCase[]): StoredCase[] => cases.filter(({ since = 0 }) => since <= testMajor)
const hiddenHere = possible([...hidden, ...hiddenMore, ...hiddenPaths, ...hiddenBranches])
const alikeHere = possible([...alike, ...alikeMore, ...alikePaths, ...alikeBranches])

beforeAll(async () => {
  server = await sharedPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(helpers)
  for (const { object, sql } of [...hiddenHere, ...alikeHere])
    await owner.query(sql).catch((error: Error) => {
      throw new Error(`${object}: ${error.message}\n${sql}`)
    })
  if (testMajor < 14)
    await owner.query(`GRANT USAGE ON SCHEMA shop TO ${reader}; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${reader}`)
  report = await audit({ ask: askOf(owner) })
})
afterAll(async () => {
  await owner.end()
  await server.stop()
})

function askOf(client: pg.Client): Ask {
  return async (sql) => (await client.query<Record<string, unknown>>(sql)).rows
}

function changesSession({ sql, call }: StoredCase): Promise<boolean> {
  return changes(server.url, call, /ROW LEVEL SECURITY/.test(sql) ? reader : undefined)
}

describe('code that changes the session', () => {
  it.each(hiddenHere)('$object', async (stored) => {
    const found = report.findings.filter(({ object, level }) => object === stored.object && level === 'error')
    expect({ live: await changesSession(stored), found: found.length > 0 }).toEqual({ live: true, found: true })
  })
})

describe('code that only looks like it', () => {
  it.each(alikeHere)('$object', async (stored) => {
    const found = report.findings.filter(({ object }) => object === stored.object)
    expect({ live: await changesSession(stored), found }).toEqual({ live: false, found: [] })
  })
})

it('a function that only takes back state is no finding', () => {
  expect(report.findings.filter(({ object }) => object === 'shop.unlock_it' || object === 'shop.give')).toEqual([])
})

it('an event trigger is found, by its name', async () => {
  await owner.query(`CREATE FUNCTION shop.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.a', 'x', false); END $$;
    CREATE FUNCTION shop.makes_table() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE shop.made (id int); END $$;
    CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION shop.on_ddl()`)
  const { findings } = await audit({ ask: askOf(owner) })
  const live = await changesSession({ object: 'watch_ddl', sql: '', call: 'CREATE TABLE shop.after_ddl (id int)' })
  const made = await changesSession({ object: '', sql: '', call: 'SELECT shop.makes_table()' })
  expect({ made, found: findings.some(({ object }) => object === 'shop.makes_table') }).toEqual({
    made: true,
    found: true,
  })
  await owner.query('DROP EVENT TRIGGER watch_ddl; DROP FUNCTION shop.on_ddl()')
  expect({ live, found: findings.filter(({ object }) => object === 'watch_ddl').map(({ via }) => via) }).toEqual({
    live: true,
    found: [['event trigger watch_ddl', 'shop.on_ddl()', 'set_config(…, false)']],
  })
})
