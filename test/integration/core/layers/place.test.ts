import { once } from 'node:events'
import { withRequestScope, type QueryEvent, type SlowQueryEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { watchedGuard } from './harness.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

// The call site of each statement must name the function that sent it.

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

type Send = (pool: pg.Pool) => Promise<unknown>

async function onClient(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  await work(client)
  client.release()
}

const calls: Record<string, Send> = {
  'pool.query': async function byPoolQuery(pool) {
    await pool.query('SELECT 1')
  },
  'pool.query after something else': async function byLatePoolQuery(pool) {
    await Promise.resolve()
    await pool.query('SELECT 1')
  },
  'pool.query with a callback': (pool) =>
    new Promise(function byPoolCallback(resolve) {
      pool.query('SELECT 1', resolve)
    }),
  'client.query': (pool) =>
    onClient(pool, async function byClientQuery(client) {
      await client.query('SELECT 1')
    }),
  'client.query with a callback': (pool) =>
    onClient(pool, (client) => {
      return new Promise(function byClientCallback(resolve) {
        client.query('SELECT 1', resolve)
      })
    }),
  'pg.Query': (pool) =>
    onClient(pool, async function byQueryObject(client) {
      await once(client.query(new pg.Query('SELECT 1')), 'end')
    }),
  'pg-cursor': (pool) =>
    onClient(pool, async function byCursor(client) {
      const cursor = client.query(new Cursor('SELECT 1'))
      await cursor.read(10)
      await cursor.close()
    }),
  'a transaction': (pool) =>
    onClient(pool, async function byTransaction(client) {
      await client.query('BEGIN')
      await client.query('SELECT 1')
      await client.query('COMMIT')
    }),
}

interface Database {
  person: { id: number }
}

function kyselyOver(pool: pg.Pool, guard: Parameters<typeof guardDialect>[1]): Kysely<Database> {
  return new Kysely<Database>({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
}

type SendByKysely = (db: Kysely<Database>) => Promise<unknown>

const kyselyCalls: Record<string, SendByKysely> = {
  'a builder': async function byBuilder(db) {
    await db.selectNoFrom(sql`1`.as('one')).execute()
  },
  'raw SQL': async function byRaw(db) {
    await sql`select 1`.execute(db)
  },
  'a transaction': (db) =>
    db.transaction().execute(async function byKyselyTransaction(trx) {
      await sql`select 1`.execute(trx)
    }),
  'a stream': async function byStream(db) {
    for await (const _row of db.selectNoFrom(sql`1`.as('one')).stream(1));
  },
}

/** The names that bound functions of a table get. */
const callerOf: Record<string, string> = {
  'pool.query with a callback': 'byPoolCallback',
  'client.query': 'byClientQuery',
  'client.query with a callback': 'byClientCallback',
  'pg.Query': 'byQueryObject',
  'pg-cursor': 'byCursor',
  'a transaction': 'byTransaction',
}

function expectPlace({ place }: QueryEvent, name: string): void {
  expect(place).toMatch(/test\/integration\/core\/layers\/place\.test\.ts:\d+:\d+/)
  expect(place).toContain(name)
}

describe('the place of a statement that is seen first', () => {
  it.each(Object.entries(calls))('is the line of the application: %s', async (name, send) => {
    const { guard, events } = watchedGuard()
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    await send(pool)
    await pool.end()
    const caller = callerOf[name] ?? send.name
    for (const event of events) expectPlace(event, caller)
    expect(events.length).toBeGreaterThan(0)
  })

  it.each(
    Object.entries(kyselyCalls).flatMap(([name, send]) =>
      [true, false].map((isGuarded) => ({ name, send, isGuarded })),
    ),
  )(
    'is the line of the application, by Kysely: $name, over a guarded pool: $isGuarded',
    async ({ name, send, isGuarded }) => {
      const { guard, events } = watchedGuard()
      const bare = new pg.Pool({ connectionString: server.url, max: 1 })
      const db = kyselyOver(isGuarded ? guardPool(bare, guard) : bare, guard)
      await send(db)
      await db.destroy()
      const event = events.find(({ kind }) => kind === 'select')
      if (event === undefined) throw new Error('nothing was told')
      expectPlace(event, name === 'a transaction' ? 'byKyselyTransaction' : send.name)
    },
  )
})

describe('the place of a statement that was reported', () => {
  const sleep = 'SELECT pg_sleep(0.2)'

  it('is the line of each later one', async () => {
    const { guard } = watchedGuard({ observe: { slowQueryMillis: 100 } })
    const slow: SlowQueryEvent[] = []
    guard.on('slowQuery', (event) => void slow.push(event))
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const db = kyselyOver(pool, guard)
    async function firstCaller(): Promise<void> {
      await pool.query(sleep)
    }
    async function otherCaller(): Promise<void> {
      await pool.query(sleep)
    }
    async function callerOfKysely(): Promise<void> {
      await sql.raw(sleep).execute(db)
    }
    await firstCaller()
    await vi.waitFor(() => expect(slow).toHaveLength(1), { timeout: 60_000 })
    await otherCaller()
    await callerOfKysely()
    await vi.waitFor(() => expect(slow).toHaveLength(3), { timeout: 60_000 })
    await db.destroy()
    for (const [index, name] of ['firstCaller', 'otherCaller', 'callerOfKysely'].entries())
      expectPlace(slow[index] as QueryEvent, name)
    expect(slow.map(({ layer }) => layer)).toEqual(['pg', 'pg', 'kysely'])
  })
})

it('Kysely in a loop is reported with its line, over guarded and unguarded pools', async () => {
  for (const isGuarded of [true, false]) {
    const { guard } = watchedGuard({ observe: { repeatedQueryLimit: 3 } })
    const places: (string | undefined)[] = []
    guard.on('repeatedQuery', ({ place, count }) => void places.push(`${count} ${place}`))
    const bare = new pg.Pool({ connectionString: server.url, max: 1 })
    const db = kyselyOver(isGuarded ? guardPool(bare, guard) : bare, guard)
    async function sender(): Promise<void> {
      for (let index = 0; index < 5; index++) await sql`select ${index}::int`.execute(db)
    }
    await withRequestScope(sender)
    await db.destroy()
    expect(places).toEqual([expect.stringMatching(/^5 .*sender.*layers\/place\.test\.ts/)])
  }
})
