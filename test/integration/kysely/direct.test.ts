import { createGuard, poolers } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { startPostgres, startPgBouncer, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

let server: PostgresServer
let pooler: PgBouncerServer
let admin: pg.Client
const opened: Kysely<unknown>[] = []

beforeAll(async () => {
  server = await startPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 3, serverRoundRobin: true })
  admin = new pg.Client(server.url)
  await admin.connect()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.destroy()))
})
afterAll(async () => {
  await admin.end()
  await pooler.stop()
  await server.stop()
})

interface Opened {
  readonly db: Kysely<unknown>
  readonly pool: pg.Pool
  readonly direct: pg.Pool
}

/** A Kysely through PgBouncer, as one process of an application has it. */
function open(directMax = 1): Opened {
  const guard = createGuard({ mode: 'repair', pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn() {} } })
  const direct = new pg.Pool({ connectionString: server.url, max: directMax })
  const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 2 }), guard, { direct })
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
  opened.push(db)
  return { db, pool, direct }
}

async function sessionLocks(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
  )
  return rows[0]?.count ?? 0
}

describe("Kysely's Migrator", () => {
  const migrations = (table: string, fails = false): Readonly<Record<string, Migration>> => ({
    '1': { up: (db) => db.schema.createTable(table).addColumn('a', 'integer').execute() },
    '2': {
      up: async (db) => {
        await sql`insert into ${sql.table(table)} values (1)`.execute(db)
        if (fails) await sql`select 1 / 0`.execute(db)
      },
    },
  })

  function migratorOf({ db }: Opened, given: Readonly<Record<string, Migration>>, name: string): Migrator {
    const provider = { getMigrations: () => Promise.resolve(given) }
    return new Migrator({ db, provider, migrationTableName: `${name}_done`, migrationLockTableName: `${name}_lock` })
  }

  it('migrates once if ten deploys start together, and leaves no lock', { timeout: 120_000 }, async () => {
    const all = Array.from({ length: 10 }, () => open())
    const results = await Promise.all(all.map((each) => migratorOf(each, migrations('ten'), 'ten').migrateToLatest()))
    expect(results.map(({ error }) => error)).toEqual(all.map(() => undefined))
    const done = results.flatMap(({ results: each = [] }) => each.map(({ status }) => status))
    expect(done).toEqual(['Success', 'Success'])
    expect((await admin.query('SELECT a FROM ten')).rows).toEqual([{ a: 1 }])
    await vi.waitFor(async () => expect(await sessionLocks()).toBe(0), { timeout: 60_000 })
    for (const { pool } of all) expect(poolStatistics(pool)).toMatchObject({ active: 0, waiting: 0 })
  })

  it('reports the error of a migration, and the next deploy does not wait for its lock', async () => {
    const failing = await migratorOf(open(), migrations('failing', true), 'failing').migrateToLatest()
    expect((failing.error as Error).message).toBe('division by zero')
    const { error } = await migratorOf(open(), migrations('failing'), 'failing').migrateToLatest()
    expect(error).toBeUndefined()
    await vi.waitFor(async () => expect(await sessionLocks()).toBe(0), { timeout: 60_000 })
  })
})

describe('a moved connection of Kysely', () => {
  it('runs transactions, streams and queries in its session', async () => {
    const { db } = open()
    const rows = await db.connection().execute(async (connection) => {
      await sql`create temp table kept (a int)`.execute(connection)
      await connection.transaction().execute((trx) => sql`insert into kept values (1), (2)`.execute(trx))
      const query = sql<{ a: number }>`select a from kept`.compile(connection)
      const streamed: unknown[] = []
      for await (const { rows: portion } of connection.getExecutor().stream(query, 1)) streamed.push(...portion)
      return streamed
    })
    expect(rows).toEqual([{ a: 1 }, { a: 2 }])
  })

  it.each(['cancel query', 'kill session'] as const)('an aborted query ends on the server: %s', async (strategy) => {
    const { db, pool, direct } = open(2)
    pool.on('error', () => {})
    const abort = new AbortController()
    const running = db.connection().execute(async (connection) => {
      await sql`listen a`.execute(connection)
      const query = sql`select pg_sleep(60), 'aborted here'`.compile(connection)
      await connection.executeQuery(query, { signal: abort.signal, inflightQueryAbortStrategy: strategy })
    })
    const failed = expect(running).rejects.toThrow()
    await vi.waitFor(async () => expect(await active()).toBe(1), { timeout: 60_000 })
    abort.abort()
    await failed
    await vi.waitFor(async () => expect(await active()).toBe(0), { timeout: 60_000 })
    await vi.waitFor(() => expect(poolStatistics(direct)).toMatchObject({ active: 0 }), { timeout: 60_000 })
  })

  it('an aborted query that waits for its connection is never sent', async () => {
    const { db, direct } = open(1)
    const abort = new AbortController()
    await db.connection().execute(async (holder) => {
      await sql`listen a`.execute(holder)
      const waiting = db.connection().execute(async (connection) => {
        const query = sql`select set_config('work_mem', '7MB', false), pg_notify('a', 'sent')`.compile(connection)
        await connection.executeQuery(query, { signal: abort.signal, inflightQueryAbortStrategy: 'cancel query' })
      })
      const failed = expect(waiting).rejects.toThrow()
      await vi.waitFor(() => expect(poolStatistics(direct)?.waiting).toBe(1), { timeout: 60_000 })
      abort.abort()
      await failed
    })
    await vi.waitFor(() => expect(poolStatistics(direct)).toMatchObject({ active: 0, waiting: 0 }), { timeout: 60_000 })
  })
})

async function active(): Promise<number> {
  await sleep(5)
  const { rows } = await admin.query<{ count: number }>(
    "SELECT count(*)::int FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%aborted here%' AND pid <> pg_backend_pid()",
  )
  return rows[0]?.count ?? 0
}
