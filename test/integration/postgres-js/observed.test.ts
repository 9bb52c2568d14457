import {
  AcquireTimeoutError,
  createGuard,
  InvalidOptionError,
  poolers,
  type GuardOptions,
  type QueryEvent,
} from '@poolsafe/core'
import { guardSql, type SqlOptions } from '@poolsafe/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const pooler = poolers.pgbouncer({ version: '1.24' })

async function eventsOf(
  work: (sql: postgres.Sql) => Promise<unknown>,
  given: GuardOptions = {},
  options: SqlOptions = {},
): Promise<QueryEvent[]> {
  const guard = createGuard({ pooler, logger: { warn() {} }, ...given })
  const events: QueryEvent[] = []
  guard.on('query', (event) => void events.push(event))
  const bare: postgres.Sql = postgres(server.url, { max: 1, onnotice() {} })
  const sql = guardSql(bare, guard, { poolName: 'shop', ...options })
  try {
    await work(sql)
  } finally {
    await sql.end()
  }
  expect(guard.stats().totalQueries).toBe(events.length)
  return events
}

const here = /observed\.test\.ts:\d+:\d+/

describe('the observer', () => {
  it('sees each query once, with its rows, its line and its layer', async () => {
    const events = await eventsOf(async (sql) => {
      await sql`SELECT id FROM generate_series(1, ${3}::int) AS id ${sql`ORDER BY id`}`
      await sql.unsafe('SELECT 1')
      await sql`SELECT id FROM generate_series(1, 5) AS id`.cursor(2, () => {})
      for await (const rows of sql`SELECT id FROM generate_series(1, 4) AS id`.cursor(2)) expect(rows).toBeDefined()
      await sql`SELECT ${1} / 0 AS a`.catch(() => {})
      await sql`SELECT 1`.describe()
    })
    expect(events.map(({ rows, failed, sqlState }) => ({ rows, failed, sqlState }))).toEqual([
      { rows: 3, failed: false, sqlState: undefined },
      { rows: 1, failed: false, sqlState: undefined },
      { rows: 5, failed: false, sqlState: undefined },
      { rows: 4, failed: false, sqlState: undefined },
      { rows: undefined, failed: true, sqlState: '22012' },
    ])
    for (const { place, layer } of events) {
      expect(place).toMatch(here)
      expect(layer).toBe('postgres-js')
    }
  })

  it('sees BEGIN, COMMIT, ROLLBACK and savepoints, and how old the transaction is', async () => {
    const events = await eventsOf(async (sql) => {
      await sql.begin(async (tx) => {
        await tx`SELECT 1`
        await tx.savepoint((inner) => inner`SELECT missing`).catch(() => {})
      })
      await sql.begin(() => Promise.reject(new Error('back'))).catch(() => {})
    })
    const commands = events.map(({ summary }) => summary.toLowerCase().split(' ')[0])
    expect(commands.join()).toBe('begin,select,savepoint,select,rollback,commit,begin,rollback')
    expect(typeof events[1]?.transactionMillis).toBe('number')
    expect(events.filter(({ failed }) => failed).map(({ sqlState }) => sqlState)).toEqual(['42703'])
  })

  it('counts the wait in the queue of postgres.js as pool wait, and all of it for a query that is never sent', async () => {
    const [slow, waited] = await eventsOf((sql) => Promise.all([sql`SELECT pg_sleep(0.3)`, sql.unsafe('SELECT 1')]))
    expect(slow?.poolWaitMillis).toBeLessThan(slow?.durationMillis ?? 0)
    expect(waited?.poolWaitMillis).toBeGreaterThan(waited?.executionMillis ?? Infinity)
    const refused = async (sql: postgres.Sql): Promise<void> => {
      const slept = sql`SELECT pg_sleep(1)`.execute()
      await expect(sql`SELECT 2`).rejects.toThrow(AcquireTimeoutError)
      await slept
    }
    const [denied] = await eventsOf(refused, {}, { acquireTimeoutMillis: 100 })
    expect(denied).toMatchObject({ failed: true, executionMillis: 0, poolWaitMillis: denied?.durationMillis })
  })

  it('logs a slow query with its line, and repeated ones of a request', async () => {
    const warnings: string[] = []
    const logger = { warn: (message: string) => void warnings.push(message) }
    const observe = { slowQueryMillis: 20 }
    await eventsOf((sql) => sql`SELECT pg_sleep(0.05)`, { logger, observe })
    expect(warnings.join('\n')).toMatch(here)
  })

  it('names the pool in statistics, and forgets it when the sql ends', async () => {
    const guard = createGuard({ pooler, logger: { warn() {} } })
    const sql = guardSql<Record<string, never>>(postgres(server.url, { max: 4 }), guard, { poolName: 'shop' })
    expect(guard.stats().pools).toMatchObject([{ name: 'shop', max: 4, active: 0, acquireTimeoutMillis: 10_000 }])
    expect(JSON.stringify(guard.stats())).not.toContain(new URL(server.url).password || 'no password')
    await sql.end()
    expect(guard.stats().pools).toEqual([])
  })
})

describe('guardSql', () => {
  it('refuses what is no sql, and options that it does not have', async () => {
    const sql: postgres.Sql = postgres(server.url, { max: 1 })
    for (const given of [undefined, null, {}, () => {}, sql.unsafe]) {
      expect(() => guardSql(given as never)).toThrow(InvalidOptionError)
    }
    expect(() => guardSql(sql, undefined, { acquireTimeoutMillis: 0 })).toThrow(InvalidOptionError)
    expect(() => guardSql(sql, undefined, { statementTimeoutMillis: 1 } as never)).toThrow(/statementTimeoutMillis/)
    expect(() => guardSql(sql, undefined, { maxWaitng: 1 } as never)).toThrow(/maxWaiting/)
    await sql.end()
  })

  it('guards once: the same guard again returns the same function, and another strict guard throws', async () => {
    const guard = createGuard({ pooler, logger: { warn() {} } })
    const bare: postgres.Sql = postgres(server.url, { max: 1 })
    const sql = guardSql(bare, guard)
    expect(guardSql(bare, guard)).toBe(sql)
    expect(guardSql(sql, guard)).toBe(sql)
    expect(guardSql(bare)).toBe(sql)
    expect(() => guardSql(sql, { mode: 'strict' })).toThrow(InvalidOptionError)
    await sql.end()
  })

  it('returns the sql itself with mode off', async () => {
    const bare: postgres.Sql = postgres(server.url, { max: 1 })
    expect(guardSql(bare, { mode: 'off' })).toBe(bare)
    await bare.end()
  })

  it('guards the methods of the old sql in place', async () => {
    const bare: postgres.Sql = postgres(server.url, { max: 1, onnotice() {} })
    guardSql(bare, { mode: 'strict', pooler, logger: { warn() {} } })
    for (const call of [
      () => bare.unsafe("SET app.x = '1'"),
      () => bare.begin((tx) => tx`SET app.x = '1'`),
      () => bare.listen('x', () => {}),
    ] as (() => Promise<unknown>)[]) {
      await expect(Promise.resolve().then(call)).rejects.toMatchObject({ name: 'UnsafeStatementError' })
    }
    await bare.end()
  })

  it('repairs in mode repair: templates with and without values, in transactions', async () => {
    const repaired: string[] = []
    const guard = createGuard({ pooler: poolers.strictest(), mode: 'repair', logger: { warn() {} } })
    guard.on('repaired', ({ sent }) => void repaired.push(sent))
    const bare: postgres.Sql = postgres(server.url, { max: 1, onnotice() {}, prepare: false })
    const sql = guardSql(bare, guard)
    const [inside] = await sql.begin(async (tx) => {
      await tx`SET app.tenant = '7'`
      await tx`SELECT set_config('app.role', ${'reader'}, false), ${1}::int AS one`
      return tx`SELECT current_setting('app.tenant') AS tenant, current_setting('app.role') AS role`
    })
    expect(inside).toEqual({ tenant: '7', role: 'reader' })
    const [after] = await sql`SELECT nullif(current_setting('app.tenant', true), '') AS tenant`
    expect(after).toEqual({ tenant: null })
    expect(repaired).toHaveLength(2)
    await sql.end()
  })
})
