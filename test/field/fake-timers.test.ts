import { createGuard, type QueryEvent } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { guardSql } from '@poolsafe/postgres-js'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())
afterEach(() => {
  vi.useRealTimers()
})

const faked = [
  ['the timers alone', ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']],
  [
    'the timers and the clocks',
    ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'performance'],
  ],
] as const

describe.each(faked)('a test that replaces %s', (_name, toFake) => {
  it('does not stop the limits of a pool, while it runs or after it', async () => {
    const logged: string[] = []
    const guard = createGuard({ logger: { warn: (message) => void logged.push(message) } })
    const options = { acquireTimeoutMillis: 500, leakDetectionMillis: 60_000 }
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, options)
    await pool.query('SELECT 1')

    vi.useFakeTimers({ toFake: [...toFake] })
    const client = await pool.connect()
    await expect(pool.query('SELECT 2')).rejects.toThrow(/^waited \d+ ms/)
    const waiting = pool.query('SELECT 3 AS three')
    // A day passes for the application, and not for the server.
    vi.advanceTimersByTime(86_400_000)
    client.release()
    await expect(waiting).resolves.toMatchObject({ rows: [{ three: 3 }] })
    const held = await pool.connect()
    vi.useRealTimers()

    await expect(pool.query('SELECT 4')).rejects.toThrow(/^waited \d+ ms/)
    held.release()
    await expect(pool.query('SELECT 5 AS five')).resolves.toMatchObject({ rows: [{ five: 5 }] })
    expect(poolStatistics(pool)).toMatchObject({ leaks: 0, timedOut: 2, active: 0, waiting: 0 })
    expect(logged.filter((message) => /slow|longer than/.test(message))).toEqual([])
    await pool.end()
  })
})

it('a clock that a test replaces does not change the waits of postgres.js', async () => {
  const guard = createGuard()
  const heard: QueryEvent[] = []
  const sql = guardSql(postgres(server.url, { max: 1, prepare: false }), guard)
  await sql`SELECT 1`
  guard.on('query', (event) => void heard.push(event))
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] })
  const transaction = sql.begin((held) => held`SELECT pg_sleep(0.2)`)
  const waiting = sql`SELECT 2 AS two FROM pg_sleep(0.1)`.execute()
  vi.advanceTimersByTime(86_400_000)
  await transaction
  expect(await waiting).toMatchObject([{ two: 2 }])
  vi.useRealTimers()
  const { poolWaitMillis = 0, executionMillis = 0 } = heard.at(-1) ?? {}
  expect(poolWaitMillis).toBeGreaterThan(100)
  expect(executionMillis).toBeGreaterThan(50)
  await sql.end()
})
