import { allow, createGuard, type GuardStatistics } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failureOf } from '../../../support/prisma/guarded.ts'
import { withSubject } from './health-subject.ts'
import { runScript } from '../../../support/run-script.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

it('statistics are plain data: what was sent, what failed, what took the time, and how the pools stand', async () => {
  await withSubject(server.url, { maxWaiting: 5 }, async ({ guard, pool }) => {
    await pool.query('SELECT pg_sleep(0.05)')
    for (let times = 0; times < 3; times++) await pool.query('SELECT $1::int', [times])
    await failureOf(() => pool.query('SELECT 1/0'))
    const statistics = guard.stats()
    expect(statistics).toMatchObject({
      totalQueries: 5,
      totalErrors: 1,
      duration: { count: 5 },
      fingerprints: { known: 3, forgotten: 0 },
      pools: [
        { max: 2, acquireTimeoutMillis: 10_000, maxWaiting: 5, acquired: 5, waits: { count: 5 }, uses: { count: 5 } },
      ],
    })
    expect(statistics.slowest).toHaveLength(3)
    expect(statistics.slowest).toContainEqual(
      expect.objectContaining({ statement: 'SELECT ?::int', count: 3, errors: 0 }),
    )
    expect(statistics.slowest[0]).toMatchObject({ statement: 'SELECT pg_sleep(?)', count: 1, errors: 0 })
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics)
  })
})

it('a limit without a bound is null in statistics', async () => {
  await withSubject(server.url, { acquireTimeoutMillis: Infinity }, async ({ guard }) => {
    expect(guard.stats().pools).toMatchObject([{ acquireTimeoutMillis: null, maxWaiting: null }])
  })
})

it('findings are counted by rule each time, those that an exception allows apart', async () => {
  const guard = createGuard({ logger: { warn: () => {} }, rules: { 'session/listen': 'allow' } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  try {
    for (let times = 0; times < 3; times++) await pool.query(`SET app.tenant = '${times}'`)
    await allow('session/set', 'the pool has one user', () => pool.query("SET app.tenant = '4'"))
    await pool.query('LISTEN orders')
    const { findings, allowedFindings } = guard.stats()
    expect(findings).toEqual({ 'session/set': 3 })
    expect(allowedFindings).toEqual({ 'session/set': 1 })
  } finally {
    await pool.end()
  }
})

it('look-ups are counted: found as they came, scanned anew, and parsed', () => {
  const guard = createGuard()
  const counts = (sql: string): GuardStatistics['cache'] => {
    guard.inspect(sql)
    return guard.stats().cache
  }
  expect(counts('SELECT 1')).toEqual({ hits: 0, misses: 1, parsed: 0 })
  expect(counts('SELECT 1')).toEqual({ hits: 1, misses: 1, parsed: 0 })
  expect(counts("SELECT set_config('a.b', 'c', false) /* 1 */")).toEqual({ hits: 1, misses: 2, parsed: 1 })
  expect(counts("SELECT set_config('a.b', 'c', false) /* 2 */")).toEqual({ hits: 1, misses: 3, parsed: 1 })
})

it('a pool that is dropped without end() is neither kept alive nor reported', async () => {
  const { stdout } = await runScript(join(import.meta.dirname, 'dropped-pools.ts'), [server.url])
  expect(stdout.trim().split('\n')).toEqual(['11', '1 true 1', '0'])
})
