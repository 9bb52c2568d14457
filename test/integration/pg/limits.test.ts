import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { collectLog } from '../../support/collect-log.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let monitor: pg.Pool
beforeAll(async () => {
  server = await sharedPostgres()
  monitor = new pg.Pool({ connectionString: server.url, max: 1 })
})
afterAll(async () => {
  await monitor.end()
  await server.stop()
})

describe("Prisma's names in a URL", () => {
  const named = (): string => `${server.url}?connection_limit=2&pool_timeout=7&connect_timeout=3&pgbouncer=true`

  it('are honoured by node-postgres and Kysely', async () => {
    const told = collectLog()
    const pool = guardPool(new pg.Pool({ connectionString: named() }), told.guard)
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
    await Promise.all(Array.from({ length: 10 }, () => sql`SELECT 1`.execute(db)))
    expect(pool.totalCount).toBe(2)
    expect(told.infos).toEqual([
      expect.stringMatching(
        /^\[poolsafe\] pool 127\.0\.0\.1:\d+\/\w+: Limit: 2, Pool Timeout: 7s, Connect Timeout: 3s$/,
      ),
    ])
    expect(told.warnings).toEqual([expect.stringContaining('pgbouncer=true does nothing')])
    await db.destroy()
  })

  it('are honoured by Prisma 7', async () => {
    const told = collectLog()
    const adapter = guardAdapter(new PrismaPg({ connectionString: named() }), told.guard)
    const prisma = new PrismaClient({ adapter })
    await Promise.all(Array.from({ length: 10 }, () => prisma.$queryRaw`SELECT 1 FROM pg_sleep(0.01)`))
    const { rows } = await monitor.query<{ count: number }>(
      "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.01)' AND datname = current_database() AND pid <> pg_backend_pid()",
    )
    expect(rows[0]?.count).toBeLessThanOrEqual(2)
    expect(told.infos).toEqual([
      expect.stringMatching(
        /^\[poolsafe\] pool 127\.0\.0\.1:\d+\/\w+: Limit: 2, Pool Timeout: 7s, Connect Timeout: 3s$/,
      ),
    ])
    await prisma.$disconnect()
  })

  it('come after what the code says', () => {
    const told = collectLog()
    guardPool(new pg.Pool({ connectionString: named(), max: 4 }), told.guard, { acquireTimeoutMillis: 1500 })
    expect(told.infos).toEqual([
      expect.stringMatching(
        /^\[poolsafe\] pool 127\.0\.0\.1:\d+\/\w+: Limit: 4, Pool Timeout: 1.5s, Connect Timeout: 3s$/,
      ),
    ])
  })
})

describe('limits of a pool', () => {
  it.each([
    [{ connectTimeoutMillis: -1 }, 'connectTimeoutMillis must be a number of milliseconds above 0'],
    [
      { idleTimeoutMillis: 10, maxLifetimeMillis: 5 },
      'idleTimeoutMillis must be at most maxLifetimeMillis (5); got 10',
    ],
    [
      { idleInTransactionMillis: 10, leakDetectionMillis: 5 },
      'idleInTransactionMillis must be at most leakDetectionMillis (5)',
    ],
    [{ maxWaiting: -1 }, 'maxWaiting must be a whole number of at least 0'],
    [{ acquireTimeout: 5 }, "an option of guardPool() is 'acquireTimeout': did you mean 'acquireTimeoutMillis'?"],
  ])('%o are refused', (options, message) => {
    expect(() => guardPool(new pg.Pool(), {}, options as PoolOptions)).toThrow(message)
  })

  it('that contradict the pool are refused', () => {
    expect(() => guardPool(new pg.Pool({ min: 5, max: 2 }))).toThrow(
      'min of the pool must be at most its max (2); got 5',
    )
  })

  it('are set once', () => {
    const pool = guardPool(new pg.Pool(), { mode: 'strict' })
    expect(() => guardPool(pool, undefined, { maxWaiting: 5 })).toThrow(
      'the options of a pool must be given to the first guardPool()',
    )
  })

  it('are spread where they close connections', () => {
    const pool = guardPool(new pg.Pool(), collectLog().guard, { maxLifetimeMillis: 10_000 })
    const { maxLifetimeSeconds } = pool.options
    expect(maxLifetimeSeconds).toBeGreaterThanOrEqual(9)
    expect(maxLifetimeSeconds).toBeLessThanOrEqual(10)
  })
})
