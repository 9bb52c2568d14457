import type { SlowQueryEvent } from '@poolsafe/core'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventsOf, observed, sleep, until, watch } from './setup.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(async () => {
  await server.stop()
})

it('a slow statement is one line: what, how long, where the time went, from where, and the statement without its literals', async () => {
  await watch(server, { ...observed, verySlowQueryMillis: Infinity }, async (watched) => {
    await watched.pool.query("SELECT pg_sleep(0.2), 'planted'")
    const [event = expect.fail()] = await eventsOf(watched, 1)
    expect(watched.warnings).toHaveLength(1)
    expect(watched.warnings[0]).toMatch(
      /^\[poolsafe\] slow query: SELECT by pg took \S+ m?s \(pool wait \S+ m?s, pooler wait unknown, execution \S+ m?s\), 1 row, pool shop, at .*slow\/log\.test\.ts:\d+:\d+\)?, fingerprint [0-9a-f]{16}: SELECT pg_sleep\(\?\), \?$/,
    )
    expect(event).toMatchObject({
      level: 'slow',
      thresholdMillis: observed.slowQueryMillis,
      unlogged: 0,
      layer: 'pg',
      summary: 'SELECT',
      statement: 'SELECT pg_sleep(?), ?',
      rows: 1,
      failed: false,
      pool: 'shop',
      plan: undefined,
      noPlan: undefined,
    })
    expect(event.durationMillis).toBeGreaterThan(observed.slowQueryMillis)
    expect(event.poolWaitMillis + event.executionMillis).toBeCloseTo(event.durationMillis, 3)
    expect(watched.errors).toEqual([])
  })
})

it('a very slow statement is an error; a logger without one gets a warning', async () => {
  const observe = { slowQueryMillis: 50, verySlowQueryMillis: 100 }
  await watch(server, observe, async (watched) => {
    await watched.pool.query(sleep)
    expect(await eventsOf(watched, 1)).toMatchObject([{ level: 'verySlow', thresholdMillis: 100 }])
    expect(watched.errors).toEqual([expect.stringContaining('very slow query: SELECT')])
    expect(watched.warnings).toEqual([])
  })
  const lines: string[] = []
  const options = { logger: { warn: (message: string) => void lines.push(message) } }
  await watch(server, observe, async ({ pool }) => void (await pool.query(sleep)), { options })
  await until(() => expect(lines).toEqual([expect.stringContaining('very slow query')]))
})

it('quick statements are not reported', async () => {
  await watch(server, { slowQueryMillis: 30_000, verySlowQueryMillis: 30_000 }, async (watched) => {
    await watched.pool.query('SELECT 1')
    await watched.pool.query(sleep)
    expect(watched.guard.stats()).toMatchObject({ slowQueries: 0, verySlowQueries: 0 })
    expect(watched.events).toEqual([])
    expect(watched.warnings).toEqual([])
  })
})

it('the wait for the pool is reported separately', async () => {
  await watch(
    server,
    observed,
    async (watched) => {
      const holder = await watched.pool.connect()
      const query = watched.pool.query('SELECT 1 AS waited')
      await holder.query(sleep)
      holder.release()
      await query
      const events = await eventsOf(watched, 2)
      const waited = events.find(({ statement }) => statement.includes('waited')) ?? expect.fail()
      expect(waited.poolWaitMillis).toBeGreaterThan(observed.slowQueryMillis)
      expect(waited.executionMillis).toBeCloseTo(waited.durationMillis - waited.poolWaitMillis, 3)
    },
    { config: { max: 1 } },
  )
})

it('the age of the transaction is reported, and for a failure the SQLSTATE', async () => {
  await watch(server, observed, async (watched) => {
    const client = await watched.pool.connect()
    await client.query('BEGIN')
    await client.query(sleep)
    await client.query('SET LOCAL statement_timeout = 150')
    await expect(client.query('SELECT pg_sleep(60), 1')).rejects.toThrow('statement timeout')
    await client.query('ROLLBACK')
    client.release()
    // On a slow machine other statements may be slow as well.
    const named = (statement: string): SlowQueryEvent | undefined =>
      watched.events.find((event) => event.statement === statement)
    await until(() => expect(named('SELECT pg_sleep(?), ?')).toBeDefined())
    const [first, second] = [named('SELECT pg_sleep(?)'), named('SELECT pg_sleep(?), ?')]
    expect(first?.transactionMillis).toBeGreaterThan(observed.slowQueryMillis)
    expect(first?.poolerWaitMillis).toBe(0)
    expect(second).toMatchObject({ failed: true, sqlState: '57014' })
    expect(second?.transactionMillis).toBeGreaterThan(first?.transactionMillis ?? Infinity)
    const line = [...watched.warnings, ...watched.errors].find((each) => each.includes('57014'))
    expect(line).toMatch(/failed after .*SQLSTATE 57014, transaction \S+ m?s old/)
  })
})

it('each fingerprint has one line per interval, and the next line counts the rest; every statement has its event', async () => {
  await watch(
    server,
    { slowQueryMillis: 50, verySlowQueryMillis: Infinity, slowQueryIntervalMillis: 2000 },
    async (watched) => {
      const { pool, warnings, guard } = watched
      for (const seconds of [0.1, 0.3, 0.11]) await pool.query(`SELECT pg_sleep(${seconds})`)
      const events = await eventsOf(watched, 3)
      expect(events.map(({ fingerprint }) => fingerprint)).toEqual(Array(3).fill(events[0]?.fingerprint))
      // A slow machine may have reached the end of the interval by now.
      await until(() => expect(warnings.length).toBeGreaterThanOrEqual(2))
      expect(guard.stats()).toMatchObject({ slowQueries: 3, verySlowQueries: 0 })
      expect(warnings[1]).toContain('slow query')
    },
  )
})

it('an interval that does not end leaves one line, and each event says how many statements had none', async () => {
  await watch(
    server,
    { ...observed, verySlowQueryMillis: Infinity, slowQueryIntervalMillis: Infinity },
    async (watched) => {
      for (let times = 0; times < 4; times++) await watched.pool.query(sleep)
      expect((await eventsOf(watched, 4)).map(({ unlogged }) => unlogged)).toEqual([0, 0, 1, 2])
      expect(watched.warnings).toHaveLength(1)
    },
  )
})

it('a sample rate of 0 logs nothing, and every statement has its event', async () => {
  await watch(server, { ...observed, slowQuerySampleRate: 0 }, async (watched) => {
    await watched.pool.query(sleep)
    await watched.pool.query(sleep)
    expect((await eventsOf(watched, 2)).map(({ unlogged }) => unlogged)).toEqual([0, 1])
    expect([...watched.warnings, ...watched.errors]).toEqual([])
  })
})

it('once a fingerprint was slow, each of its statements reports its own call site', async () => {
  await watch(server, { ...observed, slowQueryIntervalMillis: Infinity }, async (watched) => {
    const first = (): Promise<unknown> => watched.pool.query(sleep)
    const second = (): Promise<unknown> => watched.pool.query(sleep)
    await first()
    await eventsOf(watched, 1)
    await second()
    const [one, other] = await eventsOf(watched, 2)
    expect(one?.place).toContain('slow/log.test.ts')
    expect(other?.place).toContain('slow/log.test.ts')
    expect(other?.place).not.toBe(one?.place)
  })
})

it('subscribers of the channel get the events that listeners of the guard get', async () => {
  const heard: unknown[] = []
  const hear = (event: unknown): void => void heard.push(event)
  subscribe('poolsafe:slowQuery', hear)
  try {
    await watch(server, observed, async (watched) => {
      await watched.pool.query(sleep)
      expect(heard).toEqual(await eventsOf(watched, 1))
    })
  } finally {
    unsubscribe('poolsafe:slowQuery', hear)
  }
})

it('a logger that throws or rejects is reported once as a fault, and no query fails', async () => {
  const loggers = [
    () => {
      throw new Error('disk full')
    },
    () => Promise.reject(new Error('disk full')),
  ]
  for (const fail of loggers) {
    const options = { logger: { warn: fail, error: fail } }
    await watch(
      server,
      observed,
      async (watched) => {
        expect((await watched.pool.query(`${sleep}, 1 AS one`)).rows).toMatchObject([{ one: 1 }])
        await watched.pool.query(`${sleep}, 2, 3`)
        await eventsOf(watched, 2)
        await until(() => expect(watched.faults).toMatchObject([{ cause: new Error('disk full') }]))
      },
      { options },
    )
  }
})

it('a listener that throws is reported as a fault, and the line is still written', async () => {
  await watch(server, observed, async (watched) => {
    watched.guard.on('slowQuery', () => {
      throw new Error('no')
    })
    await watched.pool.query(sleep)
    await until(() => expect(watched.faults).toHaveLength(1))
    expect([...watched.warnings, ...watched.errors]).toContainEqual(expect.stringContaining('slow query'))
  })
})

it('a wall clock that jumps changes no duration and no interval', async () => {
  const { now } = Date
  await watch(
    server,
    { ...observed, verySlowQueryMillis: 60_000, slowQueryIntervalMillis: Infinity },
    async (watched) => {
      try {
        const query = watched.pool.query(sleep)
        Date.now = () => now() + 86_400_000
        await query
        Date.now = () => now() - 86_400_000
        await watched.pool.query(sleep)
      } finally {
        Date.now = now
      }
      const events: readonly SlowQueryEvent[] = await eventsOf(watched, 2)
      for (const { durationMillis, level } of events) {
        expect(durationMillis).toBeGreaterThan(observed.slowQueryMillis)
        expect(level).toBe('slow')
      }
      expect(watched.warnings).toHaveLength(1)
    },
  )
})

it('a statement of a client without a pool is reported as well', async () => {
  const { guardClient } = await import('@poolsafe/pg')
  await watch(server, observed, async (watched) => {
    const client = guardClient(new pg.Client(server.url), watched.guard)
    await client.connect()
    await client.query(sleep)
    await client.end()
    expect(await eventsOf(watched, 1)).toMatchObject([{ pool: undefined, layer: 'pg' }])
  })
})
