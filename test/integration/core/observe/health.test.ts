import { AcquireTimeoutError, createGuard, QueueFullError } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Proxy } from '../../../support/servers/proxy.ts'
import { failureOf } from '../../../support/prisma/guarded.ts'
import { hasProblem, hold, isHealthy, until, withSubject } from './health-subject.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let server: SharedPostgres
let pgbouncer: PgBouncerServer
let console: pg.Client
beforeAll(async () => {
  server = await sharedPostgres()
  pgbouncer = await startPgBouncer({ target: server }, async ({ adminUrl }) => {
    console = new pg.Client({ connectionString: adminUrl })
    console.on('error', () => {})
    await console.connect()
  })
})
afterAll(async () => {
  await console.end().catch(() => {})
  await pgbouncer.stop()
  await server.stop()
})

/** Statements that PgBouncer has passed on, and the clients that are connected to the database. */
async function traffic(): Promise<{ readonly queries: unknown; readonly clients: number }> {
  const { rows: statistics } = await console.query<{ database: string; total_query_count: string }>('SHOW STATS')
  const { rows: clients } = await console.query<{ database: string }>('SHOW CLIENTS')
  return {
    queries: statistics.find(({ database }) => database === server.database)?.total_query_count,
    clients: clients.filter(({ database }) => database === server.database).length,
  }
}

describe('a pool behind PgBouncer', () => {
  it('is healthy while a connection answers, and that is no statement of the application', async () => {
    await withSubject(pgbouncer.url, {}, async ({ pool, health }) => {
      await pool.query('SELECT 2')
      const before = poolStatistics(pool)
      expect(await health()).toMatchObject({
        healthy: true,
        problems: [],
        reasons: [],
        totalQueries: 1,
        totalErrors: 0,
        poolInfo: 'Limit: 2, Pool Timeout: 10s, Connect Timeout: 10s',
        pools: [
          { name: `127.0.0.1:${pgbouncer.port}/${server.database}`, ping: { outcome: 'answered' }, size: 1, idle: 1 },
        ],
      })
      expect(poolStatistics(pool)).toEqual(before)
    })
  })

  it('that is empty opens a connection and asks it, unless it must not', async () => {
    await withSubject(pgbouncer.url, {}, async ({ pool, health }) => {
      expect(await health({ connect: false })).toMatchObject({
        healthy: true,
        pools: [{ size: 0, ping: { outcome: 'notAsked' } }],
      })
      expect(pool.totalCount).toBe(0)
      expect(await health()).toMatchObject({
        healthy: true,
        pools: [{ size: 1, idle: 1, acquired: 0, ping: { outcome: 'answered' } }],
      })
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      expect(pool.totalCount).toBe(1)
    })
  })

  it('that is exhausted is not healthy, and names the holders; the check acquires and opens no connection and makes no caller wait', async () => {
    await withSubject(pgbouncer.url, { callSites: true }, async ({ pool, health }) => {
      const holders = [await hold(pool), await hold(pool)]
      await holders[1]?.query('BEGIN')
      const waiting = pool.query('SELECT 3')
      const problem = await until(() => health({ longestWaitMillis: 1 }), hasProblem('exhausted'))
      expect(problem).toMatchObject({ healthy: false, problems: ['exhausted'] })
      expect(problem.reasons).toEqual([
        expect.stringMatching(
          /: all 2 connections are in use and 1 call waits, the first for \d+ ms; held longest: \d+ ms by \S+\.ts:\d+:\d+, nothing runs; .+, idle in a transaction$/,
        ),
      ])
      const before = { pool: poolStatistics(pool), traffic: await traffic() }
      const answers = await Promise.all(Array.from({ length: 20 }, () => health({ longestWaitMillis: 1 })))
      expect(answers.map(({ pools }) => pools[0]?.ping.outcome)).toEqual(answers.map(() => 'notAsked'))
      expect({ pool: poolStatistics(pool), traffic: await traffic() }).toEqual(before)
      await holders[1]?.query('ROLLBACK')
      for (const holder of holders) holder.release()
      await waiting
      expect(await health({ longestWaitMillis: 1 })).toMatchObject({
        healthy: true,
        pools: [{ ping: { outcome: 'answered' } }],
      })
    })
  })

  it('that waits for a server connection of the pooler is not healthy until it has one', async () => {
    await withSubject(pgbouncer.url, {}, async ({ pool, health }) => {
      await pool.query('SELECT 4')
      await console.query('PAUSE')
      try {
        const problem = await health({ pingTimeoutMillis: 20 })
        expect(problem).toMatchObject({ healthy: false, problems: ['pingTimedOut'] })
        expect(problem.reasons[0]).toMatch(/SELECT 1 had no answer within 20 ms$/)
      } finally {
        await console.query('RESUME')
      }
      await until(health, isHealthy)
    })
  })

  it('is not healthy for as long after an acquire timeout as it counts', async () => {
    await withSubject(pgbouncer.url, { acquireTimeoutMillis: 1000 }, async ({ pool, health }) => {
      const holders = [await hold(pool), await hold(pool)]
      expect(await failureOf(() => pool.query('SELECT 5'))).toBeInstanceOf(AcquireTimeoutError)
      for (const holder of holders) holder.release()
      const problem = await health()
      expect(problem).toMatchObject({ healthy: false, problems: ['acquireTimeout'] })
      expect(problem.reasons[0]).toMatch(
        /: 1 call timed out waiting for a connection in the last 60\.0 s, longer than 1\.0 s$/,
      )
      await until(() => health({ recentMillis: 1000 }), isHealthy)
    })
  })

  it('is not healthy after a call was refused, as too many waited', async () => {
    await withSubject(pgbouncer.url, { maxWaiting: 0 }, async ({ pool, health }) => {
      const holders = [await hold(pool), await hold(pool)]
      expect(await failureOf(() => pool.query('SELECT 6'))).toBeInstanceOf(QueueFullError)
      for (const holder of holders) holder.release()
      expect(await health()).toMatchObject({ healthy: false, problems: ['queueFull'] })
    })
  })

  it('is not healthy while a connection leaks', async () => {
    await withSubject(pgbouncer.url, { leakDetectionMillis: 10 }, async ({ pool, health }) => {
      const leaking = await pool.connect()
      const problem = await until(health, hasProblem('leak'))
      expect(problem).toMatchObject({
        healthy: false,
        problems: ['leak'],
        pools: [{ leaks: 1, holders: [{ activity: 'idle' }] }],
      })
      leaking.release()
      expect(await health()).toMatchObject({ healthy: true, pools: [{ leaks: 1, holders: [] }] })
    })
  })

  it('is not healthy after a deadlock', async () => {
    await withSubject(pgbouncer.url, { acquireTimeoutMillis: 2000 }, async ({ guard, pool, health }) => {
      const nested = failureOf(async () => {
        const outer = [await pool.connect(), await pool.connect()]
        try {
          await pool.connect()
        } finally {
          for (const client of outer) client.release()
        }
      })
      // A connection that answers a ping is not stuck, so the first health check waits until all are in use.
      while (poolStatistics(pool)?.waiting !== 1) await sleep(1)
      const problem = await until(health, hasProblem('deadlock'))
      expect(problem.reasons.join()).toContain('1 call deadlocked in the last 60.0 s')
      expect(guard.stats().pools).toMatchObject([{ deadlocks: 1 }])
      expect(await nested).toBeInstanceOf(AcquireTimeoutError)
    })
  })
})

describe('a pool whose server', () => {
  let way: Proxy
  beforeEach(async () => {
    way = new Proxy(pgbouncer.port)
    await way.open()
  })
  afterEach(() => way.close())

  function url(): string {
    const changed = new URL(pgbouncer.url)
    changed.port = String(way.port)
    return changed.href
  }

  it('is down is not healthy, says why, and is healthy again without any traffic once it is back', async () => {
    await withSubject(url(), {}, async ({ pool, health }) => {
      await pool.query('SELECT 7')
      await way.close()
      const problem = await until(health, hasProblem('cannotConnect'))
      expect(problem.healthy).toBe(false)
      expect(problem.reasons.join()).toContain(
        ': nothing listens at that host and port, or no way leads there (unreachable)',
      )
      await way.open()
      expect(await until(health, isHealthy)).toMatchObject({ pools: [{ ping: { outcome: 'answered' }, acquired: 1 }] })
    })
  })

  it('has silently dropped connections is healthy as long as another one answers, and closes them', async () => {
    await withSubject(
      url(),
      {},
      async ({ pool, health }) => {
        const holders = [await hold(pool), await hold(pool), await hold(pool), await hold(pool)]
        const ports = holders.map(
          (holder) => (holder as unknown as { connection: { stream: Socket } }).connection.stream.localPort,
        )
        for (const holder of holders) holder.release()
        for (const port of ports.slice(0, 2)) way.silenceOne(port)
        await until(
          () => health({ pingTimeoutMillis: 500 }),
          (found) => isHealthy(found) && found.pools[0]?.size === 2 && found.pools[0].ping.outcome === 'answered',
        )
        for (const port of ports) way.silenceOne(port)
        expect(await health({ pingTimeoutMillis: 20 })).toMatchObject({ healthy: false, problems: ['pingTimedOut'] })
        expect(await health({ pingTimeoutMillis: 20 })).toMatchObject({ healthy: false, problems: ['pingTimedOut'] })
      },
      { max: 4, idleTimeoutMillis: 0 },
    )
  })

  it('does not answer is not healthy, and is healthy again once it does', async () => {
    await withSubject(url(), {}, async ({ pool, health }) => {
      await pool.query('SELECT 8')
      way.silence()
      expect(await health({ pingTimeoutMillis: 20 })).toMatchObject({ healthy: false, problems: ['pingTimedOut'] })
      way.speak()
      await until(health, isHealthy)
    })
  })
})

it('a guard whose pools have ended is not healthy, until it has another one', async () => {
  const guard = createGuard()
  const pools = [1, 2].map((max) => guardPool(new pg.Pool({ connectionString: server.url, max }), guard))
  await pools[0]?.end()
  expect(await guard.health({ connect: false })).toMatchObject({ healthy: true, problems: [] })
  await pools[1]?.end()
  expect(await guard.health()).toMatchObject({
    healthy: false,
    problems: ['ended'],
    reasons: ['every pool has ended (pool.end()), so no statement can be sent'],
    notes: [],
    pools: [],
  })
  const next = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  expect(await guard.health({ connect: false })).toMatchObject({ healthy: true, problems: [], pools: [{ size: 0 }] })
  await next.end()
})

it('a pool with a wrong password is not healthy from the first time on', async () => {
  const wrong = new URL(server.url)
  wrong.password = 'guessed'
  await withSubject(wrong.href, {}, async ({ health }) => {
    const problem = await health()
    expect(problem).toMatchObject({ healthy: false, problems: ['cannotConnect'] })
    expect(problem.reasons).toEqual([expect.stringMatching(/\(authentication\)$/)])
  })
})
