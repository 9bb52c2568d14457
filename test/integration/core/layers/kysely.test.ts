import { setTimeout as sleep } from 'node:timers/promises'
import type { GuardOptions, QueryEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import * as newest from 'kysely'
import * as oldest from 'kysely-oldest'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLoggingServer, toldOf, watchedGuard, type LoggingServer, type Told } from './harness.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let logging: LoggingServer
let pooler: PgBouncerServer
let admin: pg.Client
beforeAll(async () => {
  logging = await startLoggingServer()
  pooler = await startPgBouncer({ target: logging.server })
  admin = new pg.Client(logging.server.url)
  await admin.connect()
  await admin.query('CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL)')
})
beforeEach(async () => {
  await admin.query("TRUNCATE person; INSERT INTO person SELECT id, 'name ' || id FROM generate_series(1, 5) AS id")
})
afterAll(async () => {
  await admin.end()
  await pooler.stop()
  await logging.stop()
})

interface Database {
  person: { id: number; name: string }
}

type Db = newest.Kysely<Database>

interface Work {
  readonly send: (db: Db) => Promise<unknown>
  readonly told: readonly Told[]
}

const { sql } = newest
const swallow = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => undefined)
const all = (db: Db) => db.selectFrom('person').selectAll()
const shownAll = 'select * from "person"'
const begin: Told = ['begin', undefined]
const commit: Told = ['commit', undefined]

const works: Record<string, Work> = {
  'statements of every kind': {
    send: async (db) => {
      await all(db).execute()
      await db.insertInto('person').values({ id: 6, name: 'six' }).execute()
      await db.updateTable('person').set({ name: 'new' }).where('id', '>', 3).execute()
      await db.deleteFrom('person').where('id', '>', 2).returning('id').execute()
    },
    told: [
      [shownAll, 5],
      ['insert into "person" ("id", "name") values (?)', 1],
      ['update "person" set "name" = ? where "id" > ?', 3],
      ['delete from "person" where "id" > ? returning "id"', 4],
    ],
  },
  'raw statements, one of which fails': {
    send: async (db) => {
      await sql`select ${1}::int as one`.execute(db)
      await swallow(sql`select 1 / 0`.execute(db))
    },
    told: [
      ['select ?::int as one', 1],
      ['select ? / ?', '22012'],
    ],
  },
  'many at once': {
    send: (db) => Promise.all([1, 2, 3].map(() => all(db).execute())),
    told: [
      [shownAll, 5],
      [shownAll, 5],
      [shownAll, 5],
    ],
  },
  'a transaction': {
    send: (db) => db.transaction().execute((trx) => all(trx).execute()),
    told: [begin, [shownAll, 5], commit],
  },
  'a transaction that is rolled back': {
    send: (db) => swallow(db.transaction().execute((trx) => sql`select 1 / 0`.execute(trx))),
    told: [begin, ['select ? / ?', '22012'], ['rollback', undefined]],
  },
  'a transaction with savepoints': {
    send: async (db) => {
      const trx = await db.startTransaction().execute()
      const inside = await trx.savepoint('s').execute()
      await swallow(sql`select 1 / 0`.execute(inside))
      await inside.rollbackToSavepoint('s').execute()
      await trx.commit().execute()
    },
    told: [begin, ['savepoint "s"', undefined], ['select ? / ?', '22012'], ['rollback to "s"', undefined], commit],
  },
  'a stream': {
    send: async (db) => {
      const rows: unknown[] = []
      for await (const row of all(db).stream(2)) rows.push(row)
      expect(rows).toHaveLength(5)
    },
    told: [[shownAll, 5]],
  },
  'a stream that nobody reads to its end': {
    send: async (db) => {
      for await (const row of all(db).stream(2)) if (row.id === 1) break
      await sql`select 1 as one`.execute(db)
    },
    told: [
      [shownAll, 2],
      ['select ? as one', 1],
    ],
  },
  'a stream that fails': {
    send: async (db) => {
      const rows = db
        .selectFrom('person')
        .select(sql<number>`1 / (id - 3)`.as('n'))
        .stream(2)
      await swallow(Array.fromAsync(rows))
      await sql`select 1 as one`.execute(db)
    },
    told: [
      ['select ? / (id - ?) as "n" from "person"', '22012'],
      ['select ? as one', 1],
    ],
  },
  'a stream that is never read': { send: async (db) => void all(db).stream(2), told: [] },
}

interface Setup {
  readonly name: string
  readonly kysely: Pick<typeof newest, 'Kysely' | 'PostgresDialect'>
  readonly isPoolGuarded: boolean
  readonly url: () => string
}

const setups: readonly Setup[] = [
  {
    name: 'Kysely over a pool that nobody guards',
    kysely: newest,
    isPoolGuarded: false,
    url: () => logging.server.url,
  },
  { name: 'Kysely over a guarded pool', kysely: newest, isPoolGuarded: true, url: () => logging.server.url },
  // The oldest differs in its types where no test looks.
  {
    name: 'the oldest Kysely',
    kysely: oldest as unknown as typeof newest,
    isPoolGuarded: false,
    url: () => logging.server.url,
  },
  {
    name: 'the oldest Kysely over a guarded pool',
    kysely: oldest as unknown as typeof newest,
    isPoolGuarded: true,
    url: () => logging.server.url,
  },
  { name: 'Kysely behind PgBouncer', kysely: newest, isPoolGuarded: true, url: () => pooler.url },
]

let pools = 0

async function eventsOf(
  { kysely, isPoolGuarded, url }: Setup,
  send: Work['send'],
  options: GuardOptions = {},
): Promise<{ events: readonly QueryEvent[]; sent: number }> {
  const applicationName = `kysely${++pools}`
  const { guard, events } = watchedGuard(options)
  const bare = new pg.Pool({ connectionString: url(), max: 1, application_name: applicationName })
  const pool = isPoolGuarded ? guardPool(bare, guard, { poolName: 'people' }) : bare
  const db = new kysely.Kysely<Database>({
    dialect: guardDialect(new kysely.PostgresDialect({ pool, cursor: Cursor }), guard),
  })
  const sent = await logging.sent(applicationName, () => send(db))
  await db.destroy()
  const stats = guard.stats()
  expect([stats.totalQueries, stats.totalErrors]).toEqual([events.length, events.filter(({ failed }) => failed).length])
  return { events, sent }
}

describe.each(setups)('$name', (setup) => {
  const { isPoolGuarded, url } = setup

  it.each(Object.entries(works))('%s: each statement is told once', async (_name, { send, told }) => {
    const { events, sent } = await eventsOf(setup, send)
    expect(events.map(toldOf)).toEqual(told)
    expect(events.map(({ layer, pool }) => [layer, pool])).toEqual(
      told.map(() => ['kysely', isPoolGuarded ? 'people' : undefined]),
    )
    // PgBouncer sends its own statements in between.
    if (url() === logging.server.url) expect(sent).toBe(told.length)
  })

  it('reports nothing with `observe: false`', async () => {
    const { events } = await eventsOf(setup, (db) => all(db).execute(), { observe: false })
    expect(events).toEqual([])
  })

  it('does not take a slow reader of a stream for a slow statement', async () => {
    const pauseMillis = 100
    let elapsedMillis = 0
    let pauses = 0
    const { events } = await eventsOf(setup, async (db) => {
      const startedAt = performance.now()
      for await (const _row of all(db).stream(1)) {
        await sleep(pauseMillis)
        pauses++
      }
      elapsedMillis = performance.now() - startedAt
    })
    expect(pauses).toBe(5)
    // Timers may fire a millisecond early.
    expect(events[0]?.durationMillis).toBeLessThanOrEqual(elapsedMillis - pauses * (pauseMillis - 2))
  })

  it('reports the age of the transaction', async () => {
    const heldMillis = 200
    const { events } = await eventsOf(setup, (db) =>
      db.transaction().execute(async (trx) => {
        await sleep(heldMillis)
        await all(trx).execute()
      }),
    )
    const [ageOfBegin, age = 0, ageOfCommit = 0] = events.map(({ transactionMillis }) => transactionMillis)
    expect(ageOfBegin).toBeUndefined()
    expect(age).toBeGreaterThanOrEqual(heldMillis - 2)
    expect(ageOfCommit).toBeGreaterThanOrEqual(age)
    expect(events.map(({ poolerWaitMillis }) => poolerWaitMillis).slice(1)).toEqual([0, 0])
    expect(events[0]?.executionMillis).toBe(0)
  })

  it('reports the age of a transaction that is rolled back, and none after it', async () => {
    const { events } = await eventsOf(setup, async (db) => {
      await swallow(db.transaction().execute((trx) => sql`select 1 / 0`.execute(trx)))
      await all(db).execute()
    })
    const [, age = Infinity, ageOfRollback, ageOutside] = events.map(({ transactionMillis }) => transactionMillis)
    expect(ageOfRollback).toBeGreaterThanOrEqual(age)
    expect(ageOutside).toBeUndefined()
  })
})
