import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryEvent } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { watchedGuard } from './harness.ts'
import { startNarrowPooler, type NarrowPooler } from '../../../support/servers/narrow-pooler.ts'

let narrow: NarrowPooler
beforeAll(async () => {
  narrow = await startNarrowPooler()
})
afterAll(() => narrow.stop())

const heldMillis = 300
/** Timers and clocks are not exact; what was waited for is never less than this. */
const leastMillis = heldMillis - 50

async function eventsOf(url: string, work: (pool: pg.Pool) => Promise<unknown>): Promise<readonly QueryEvent[]> {
  const { guard, events } = watchedGuard()
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
  await work(pool)
  await pool.end()
  for (const event of events) expectPartsToAddUp(event)
  return events
}

function expectPartsToAddUp({
  durationMillis,
  poolWaitMillis,
  poolerWaitMillis = 0,
  executionMillis,
}: QueryEvent): void {
  expect(poolWaitMillis + poolerWaitMillis + executionMillis).toBeCloseTo(durationMillis, 6)
  expect(Math.min(poolWaitMillis, poolerWaitMillis, executionMillis)).toBeGreaterThanOrEqual(0)
}

it('a pool.query that waits for a connection reports a pool wait', async () => {
  const [slow, waiting] = await eventsOf(narrow.server.url, async (pool) => {
    await pool.query('SELECT 1')
    await Promise.all([pool.query(`SELECT pg_sleep(${heldMillis / 1000})`), pool.query('SELECT 2')])
  }).then((events) => events.slice(1))
  expect(slow?.executionMillis).toBeGreaterThanOrEqual(leastMillis)
  expect(waiting?.poolWaitMillis).toBeGreaterThanOrEqual(leastMillis)
  expect(waiting?.durationMillis).toBeGreaterThanOrEqual(leastMillis)
})

it('the wait for a checkout is reported once, with its first statement', async () => {
  const events = await eventsOf(narrow.server.url, async (pool) => {
    const holder = await pool.connect()
    const waiting = pool.connect()
    await sleep(heldMillis)
    holder.release()
    const client = await waiting
    await client.query('SELECT 1')
    await client.query('SELECT 2')
    client.release()
  })
  expect(events[0]?.poolWaitMillis).toBeGreaterThanOrEqual(leastMillis)
  expect(events[1]?.poolWaitMillis).toBe(0)
})

it('a statement behind another one on its connection waits, and is not slow for it', async () => {
  const [first, second] = await eventsOf(narrow.server.url, async (pool) => {
    const client = await pool.connect()
    await Promise.all([client.query(`SELECT pg_sleep(${heldMillis / 1000})`), client.query('SELECT 2')])
    client.release()
  })
  expect(first?.executionMillis).toBeGreaterThanOrEqual(leastMillis)
  expect(second?.poolWaitMillis).toBeGreaterThanOrEqual(leastMillis)
})

it.each([
  ['between its portions', 1],
  ['before the first one', 0],
  ['before it is closed', 2],
])("a cursor's reader takes its time %s, and the statement is not slow for it", async (_when, pauseBefore) => {
  let elapsedMillis = 0
  const [event] = await eventsOf(narrow.server.url, async (pool) => {
    const client = await pool.connect()
    const startedAt = performance.now()
    const cursor = client.query(new Cursor('SELECT n FROM generate_series(1, 100) AS n'))
    for (let portion = 0; portion < 3; portion++) {
      if (portion === pauseBefore) await sleep(heldMillis)
      if (portion < 2) await cursor.read(10)
      else await cursor.close()
    }
    elapsedMillis = performance.now() - startedAt
    client.release()
  })
  expect(event?.rows).toBe(20)
  // Connecting is in the duration, and was before.
  expect((event?.durationMillis ?? Infinity) - (event?.poolWaitMillis ?? 0)).toBeLessThanOrEqual(
    elapsedMillis - leastMillis,
  )
})

it('a BEGIN that waits for a server connection of the pooler reports a pooler wait, and the rest of the transaction has none', async () => {
  await narrow.holder.query('BEGIN')
  const [begin, inside, commit, outside] = await eventsOf(narrow.pooler.url, async (pool) => {
    const client = await pool.connect()
    const begun = client.query('BEGIN')
    await sleep(heldMillis)
    await narrow.holder.query('ROLLBACK')
    await begun
    await client.query('SELECT 1')
    await client.query('COMMIT')
    await client.query('SELECT 2')
    client.release()
  })
  expect(begin?.poolerWaitMillis).toBeGreaterThanOrEqual(leastMillis)
  expect(begin?.executionMillis).toBe(0)
  expect([inside?.poolerWaitMillis, commit?.poolerWaitMillis, outside?.poolerWaitMillis]).toEqual([0, 0, undefined])
})

it('each statement reports the age of its transaction', async () => {
  const events = await eventsOf(narrow.server.url, async (pool) => {
    const client = await pool.connect()
    await client.query('SELECT 0')
    await client.query('BEGIN')
    await sleep(heldMillis)
    for (const text of ['SELECT 1', 'COMMIT', 'BEGIN', 'SELECT 2', 'ROLLBACK', 'SELECT 3']) await client.query(text)
    client.release()
  })
  const ages = events.map(({ transactionMillis }) => transactionMillis)
  expect(ages.map((age) => age !== undefined)).toEqual([false, false, true, true, false, true, true, false])
  expect(ages[2]).toBeGreaterThanOrEqual(leastMillis)
  expect(ages[3]).toBeGreaterThanOrEqual(ages[2] ?? Infinity)
})
