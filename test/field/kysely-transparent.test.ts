import { createGuard, type FindingEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { CompiledQuery, Kysely, PostgresDialect, sql, type DatabaseConnection, type Driver } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const strict = { mode: 'strict' } as const
const setTenant = CompiledQuery.raw("SELECT set_config('app.org_id', '7', false)")

describe('a hook of the dialect that streams', () => {
  it.each(['onCreateConnection', 'onReserveConnection'] as const)(
    'is judged, and gives the connection back: %s',
    async (hook) => {
      const onHook = async (connection: DatabaseConnection): Promise<void> => {
        for await (const _chunk of connection.streamQuery(setTenant, 10)) break
      }
      const pool = new pg.Pool({ connectionString: server.url, max: 1 })
      const db = new Kysely<unknown>({
        dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor, [hook]: onHook }), strict),
      })
      for (let round = 0; round < 3; round++) {
        await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
        expect(pool.totalCount).toBe(0)
      }
      await db.destroy()
    },
  )
})

/** A driver as a bundler leaves it: no class has its name. */
class D extends PostgresDialect {
  override createDriver(): Driver {
    const driver = super.createDriver()
    const { constructor } = driver
    Object.defineProperty(constructor, 'name', { value: 'e', configurable: true })
    return driver
  }
}

it('hooks are judged in a bundle whose classes have other names', async () => {
  const onReserveConnection = async (connection: DatabaseConnection): Promise<void> =>
    void (await connection.executeQuery(setTenant))
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  const db = new Kysely<unknown>({ dialect: guardDialect(new D({ pool, onReserveConnection }), strict) })
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
  expect(pool.totalCount).toBe(0)
  await db.destroy()
})

describe('methods of the driver', () => {
  it('are looked up when they are called, as tools for tracing patch the prototype late', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const dialect = new PostgresDialect({ pool })
    const prototype = Object.getPrototypeOf(dialect.createDriver()) as Driver
    const db = new Kysely<unknown>({ dialect: guardDialect(dialect, createGuard(strict)) })
    await sql`select 1`.execute(db)
    const begin = Reflect.get<Driver, 'beginTransaction'>(prototype, 'beginTransaction')
    const calls: string[] = []
    prototype.beginTransaction = async function (this: Driver, ...args) {
      calls.push('begin')
      await begin.apply(this, args)
    }
    try {
      await db.transaction().execute((trx) => sql`select 1`.execute(trx))
    } finally {
      prototype.beginTransaction = begin
      await db.destroy()
    }
    expect(calls).toEqual(['begin'])
  })
})

describe.each([false, true])('errors keep the application’s line, guarded: %s', (isGuarded) => {
  function open(): { db: Kysely<unknown>; pool: pg.Pool } {
    const guard = createGuard({ mode: 'warn', logger: { warn: () => {} } })
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    if (isGuarded) guardPool(pool, guard)
    const dialect = new PostgresDialect({ pool })
    return { pool, db: new Kysely<unknown>({ dialect: isGuarded ? guardDialect(dialect, guard) : dialect }) }
  }
  const here = /kysely-transparent\.test\.ts/

  it('from a statement, from one in a transaction, and from a BEGIN', async () => {
    const { db } = open()
    const errors = [
      await failureOf(async () => await sql`select 1/0`.execute(db)),
      await failureOf(async () => await db.transaction().execute(async (trx) => await sql`select 1/0`.execute(trx))),
      await failureOf(async () => await db.connection().execute(async (one) => await sql`select 1/0`.execute(one))),
    ]
    for (const error of errors) expect((error as Error).stack).toMatch(here)
    await db.destroy()
  })

  it('from a pool that was ended', async () => {
    const { db, pool } = open()
    await sql`select 1`.execute(db)
    await pool.end()
    const errors = [
      await failureOf(async () => await sql`select 1`.execute(db)),
      await failureOf(async () => await db.transaction().execute(async (trx) => await sql`select 1`.execute(trx))),
      await failureOf(async () => await pool.query('select 1')),
      await failureOf(async () => await pool.connect()),
    ]
    for (const error of errors) {
      expect(error).toMatchObject({ message: 'Cannot use a pool after calling end on the pool' })
      expect((error as Error).stack).toMatch(here)
    }
  })
})

it('a refused lock is the reason that is given, not the unlock that follows it', async () => {
  const guard = createGuard(strict)
  const findings: FindingEvent[] = []
  guard.on('finding', (finding) => void findings.push(finding))
  const db = new Kysely<unknown>({
    dialect: guardDialect(new PostgresDialect({ pool: new pg.Pool({ connectionString: server.url, max: 2 }) }), guard),
  })
  const error = await failureOf(() =>
    db.connection().execute(async (one) => {
      try {
        await sql`SELECT pg_advisory_lock(1)`.execute(one)
      } finally {
        await sql`SELECT pg_advisory_unlock(1)`.execute(one)
      }
    }),
  )
  expect(error).toMatchObject({ statement: expect.stringContaining('pg_advisory_lock') as string })
  await db.destroy()
})
