import { createGuard, type GuardOptions } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
const closers: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  server = await sharedPostgres()
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})
afterAll(() => server.stop())

const quiet = { logger: { warn: () => {} } }

function open(config: pg.PoolConfig = {}, guard: GuardOptions = {}): pg.Pool {
  const pool = guardPool(
    new pg.Pool({ connectionString: server.url, max: 1, ...config }),
    createGuard({ ...quiet, ...guard }),
  )
  closers.push(() => pool.end())
  return pool
}

/**
 * The state that another client sees of the caller before: its tenant, and its table in the transaction that it left
 * open.
 */
const look =
  "SELECT current_setting('app.tenant', true) AS tenant, to_regclass('pg_temp.left_open') IS NOT NULL AS inside"
const clean = [{ tenant: expect.toSatisfy((tenant: string | null) => tenant === null || tenant === ''), inside: false }]
const begin = "BEGIN; SET LOCAL app.tenant = 'acme'; CREATE TEMP TABLE left_open (x int)"

/**
 * A transaction whose statement takes too long, with a ROLLBACK that then waits in the driver's queue until it is given
 * up as well.
 */
async function giveUp(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(begin)
    await client.query('SELECT pg_sleep(1)')
  } catch {
    await client.query('ROLLBACK').catch(() => {})
  } finally {
    client.release()
  }
}

describe('a ROLLBACK that was given up before it was sent', () => {
  const modes: readonly GuardOptions[] = [
    { mode: 'warn' },
    { mode: 'strict', rules: { 'session/temp-object': 'allow' } },
    { observe: false },
  ]
  it.each(modes)('leaves nobody inside the transaction: query_timeout of pg, %o', async (options) => {
    const pool = open({ query_timeout: 100 }, options)
    await giveUp(pool)
    expect((await pool.query({ text: look, query_timeout: 60_000 } as pg.QueryConfig)).rows).toEqual(clean)
    expect(poolStatistics(pool)?.connectionsLost.unanswered).toBe(1)
  })

  it('leaves no caller inside the transaction: socket_timeout of the URL', async () => {
    const pool = open({ connectionString: `${server.url}?socket_timeout=1` })
    const client = await pool.connect()
    await client.query(begin)
    await expect(client.query('SELECT pg_sleep(3)')).rejects.toThrow('Query read timeout')
    await expect(client.query('ROLLBACK')).rejects.toThrow('Query read timeout')
    client.release()
    expect((await pool.query(look)).rows).toEqual(clean)
  })

  it('leaves no caller inside the transaction: pipeline mode', async () => {
    const pool = open({ query_timeout: 100, pipeline: true })
    await giveUp(pool)
    expect((await pool.query({ text: look, query_timeout: 60_000 } as pg.QueryConfig)).rows).toEqual(clean)
  })

  it.each(['over a guarded pool', 'over a pool of its own'])(
    'leaves nobody inside the transaction: Kysely %s',
    async (where) => {
      const pool = where.includes('guarded')
        ? open({ query_timeout: 100 })
        : new pg.Pool({ connectionString: server.url, max: 1, query_timeout: 100 })
      const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), createGuard(quiet)) })
      if (!where.includes('guarded')) closers.push(() => db.destroy())
      const work = db.transaction().execute(async (trx) => {
        await sql`SELECT set_config('app.tenant', 'acme', true)`.execute(trx)
        await sql`CREATE TEMP TABLE left_open (x int)`.execute(trx)
        await sql`SELECT pg_sleep(1)`.execute(trx)
      })
      await expect(work).rejects.toThrow()
      await vi.waitFor(async () => expect((await sql.raw(look).execute(db)).rows).toEqual(clean), { timeout: 60_000 })
    },
  )

  it('leaves no caller inside the transaction: Prisma’s own pool', async () => {
    const adapter = guardAdapter(
      new PrismaPg({ connectionString: server.url, max: 1, query_timeout: 500 }),
      createGuard(quiet),
    )
    const prisma = new PrismaClient({ adapter })
    closers.push(() => prisma.$disconnect())
    const work = prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT set_config('app.tenant', 'acme', true)`
      await tx.$executeRaw`CREATE TEMP TABLE left_open (x int)`
      await tx.$queryRaw`SELECT pg_sleep(2)::text`
    })
    await expect(work).rejects.toThrow()
    await vi.waitFor(async () => expect(await prisma.$queryRawUnsafe(look)).toEqual(clean), { timeout: 60_000 })
  })
})

describe('a client that is released while statements are pending', () => {
  it('goes back at once, as without poolsafe, while they leave nothing', async () => {
    const pool = open()
    const client = await pool.connect()
    const answer = client.query('SELECT 1 AS one')
    client.release()
    expect(pool.idleCount).toBe(1)
    expect((await answer).rows).toEqual([{ one: 1 }])
  })

  it('returns to the pool when a COMMIT or ROLLBACK that is not awaited is answered', async () => {
    const pool = open({ max: 2 })
    await pool.query('CREATE TABLE kept (x int)')
    for (const end of ['COMMIT', 'ROLLBACK']) {
      const client = await pool.connect()
      await client.query('BEGIN')
      void client.query('INSERT INTO kept VALUES (1)')
      void client.query(end)
      client.release()
      expect(() => client.release()).toThrow('already been released')
      await vi.waitFor(() => expect(pool.idleCount).toBe(1))
      expect(pool.totalCount).toBe(1)
    }
    expect((await pool.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 1 }])
  })

  it('goes back when a cursor that it left is closed, and is closed itself when that never comes', async () => {
    const pool = open({}, { mode: 'strict' })
    const client = await pool.connect()
    const cursor = client.query(new Cursor('SELECT generate_series(1, 100)'))
    await cursor.read(1)
    void cursor.close()
    client.release()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(pool.totalCount).toBe(1)
    const other = await pool.connect()
    await other.query(new Cursor('SELECT generate_series(1, 100)')).read(1)
    other.release()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  it('closes its connection when what is pending leaves a transaction open', async () => {
    const pool = open()
    const client = await pool.connect()
    await client.query('BEGIN')
    void client.query('COMMIT; BEGIN')
    client.release()
    expect((await pool.query(look)).rows).toEqual(clean)
  })
})
