import { poissonArrivals, replayQueue, type Arrival } from '@poolsafe/operate'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { expect, it } from 'vitest'
import { collectLog } from '../../support/collect-log.ts'
import { sharedPostgres } from '../../support/servers/shared-postgres.ts'

/** Three connections that are busy for 80 % of the time, with service times around 200 ms. */
const servers = 3
const load = { arrivalsPerSecond: 12, service: { meanMillis: 200, p99Millis: 600 }, arrivals: 400, seed: 11 }

interface Seen {
  readonly waits: readonly number[]
  /** The load as it was: on a busy machine timers are late, and statements take longer than they sleep. */
  readonly arrivals: readonly Arrival[]
}

/** Sends each arrival at its time to the pool, and measures its wait for a connection and its stay. */
async function run(pool: pg.Pool, planned: readonly Arrival[]): Promise<Seen> {
  const start = performance.now()
  const seen = await Promise.all(
    planned.map(async ({ at, work }) => {
      await new Promise((resolve) => setTimeout(resolve, at - (performance.now() - start)))
      const asked = performance.now()
      const client = await pool.connect()
      const acquired = performance.now()
      await client.query('SELECT pg_sleep($1)', [work / 1000])
      client.release()
      return { at: asked - start, work: performance.now() - acquired, wait: acquired - asked }
    }),
  )
  return { waits: seen.map(({ wait }) => wait), arrivals: seen.toSorted((one, other) => one.at - other.at) }
}

function p99(waits: readonly number[]): number {
  return waits.toSorted((one, other) => one - other)[Math.floor(0.99 * waits.length)] ?? 0
}

it('predicts the p99 wait of a guarded pool on a real server within 25 %', async () => {
  const server = await sharedPostgres()
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: servers }), collectLog().guard)
  await Promise.all(Array.from({ length: servers }, () => pool.query('SELECT pg_sleep(0.05)')))
  const { waits, arrivals } = await run(pool, poissonArrivals(load))
  await pool.end()
  await server.stop()
  const predicted = replayQueue(arrivals, { servers }).p99WaitMillis
  expect(predicted).toBeGreaterThan(100)
  expect(p99(waits) / predicted).toBeGreaterThan(0.75)
  expect(p99(waits) / predicted).toBeLessThan(1.25)
})
