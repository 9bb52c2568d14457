import { createGuard, PoolerWaitError, StatementTimeoutError, type PoolerWaitEvent } from '@poolsafe/core'
import { guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startNarrowPooler, type NarrowPooler } from '../../support/servers/narrow-pooler.ts'

const limitMillis = 1000

let narrow: NarrowPooler
beforeAll(async () => {
  narrow = await startNarrowPooler()
})
afterAll(() => narrow.stop())

interface Watched {
  readonly pool: pg.Pool
  readonly events: readonly PoolerWaitEvent[]
}

async function withPool(
  options: PoolOptions,
  work: (watched: Watched) => Promise<void>,
  observe = true,
): Promise<void> {
  const guard = createGuard({ logger: { warn: () => {} }, observe })
  const events: PoolerWaitEvent[] = []
  guard.on('poolerWait', (event) => void events.push(event))
  const pool = guardPool(new pg.Pool({ connectionString: narrow.pooler.url, max: 1 }), guard, options)
  try {
    await work({ pool, events })
  } finally {
    await pool.end()
  }
}

async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )
}

it('the wait for a server connection of the pooler is measured by the BEGIN, and no acquire shows it', async () => {
  await withPool({ poolerWaitTimeoutMillis: 100_000 }, async ({ pool, events }) => {
    const client = await pool.connect()
    const heldMillis = 300
    await narrow.holder.query('BEGIN')
    const begin = client.query('BEGIN')
    begin.catch(() => {})
    await sleep(heldMillis)
    await narrow.holder.query('ROLLBACK')
    await begin
    await client.query('ROLLBACK')
    client.release()
    expect(events).toHaveLength(1)
    // The timer of the test may be early by a millisecond.
    expect(events[0]?.poolerWaitMillis).toBeGreaterThan(heldMillis - 2)
    const { poolerWait } = poolStatistics(pool) ?? expect.fail()
    expect(poolerWait.sumMillis).toBe(events[0]?.poolerWaitMillis)
  })
})

it('a BEGIN that waits for longer than poolerWaitTimeoutMillis fails, and the pool goes on with another connection', async () => {
  await withPool({ poolerWaitTimeoutMillis: limitMillis }, async ({ pool }) => {
    await narrow.holding(async () => {
      const client = await pool.connect()
      const error = await failureOf(client.query('BEGIN'))
      client.release()
      expect(error).toBeInstanceOf(PoolerWaitError)
      expect(error).toMatchObject({ limitMillis })
      expect(error).not.toHaveProperty('code')
      expect((error as PoolerWaitError).poolerWaitMillis).toBeGreaterThan(limitMillis - 2)
      expect(String(error)).toContain('nothing has run')
    })
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

it('a statement outside a transaction that waits for longer than statementTimeoutMillis fails alike', async () => {
  await withPool({ statementTimeoutMillis: limitMillis }, async ({ pool }) => {
    await narrow.holding(async () => {
      expect(await failureOf(pool.query('SELECT 1'))).toBeInstanceOf(StatementTimeoutError)
    })
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

it.each([
  { observe: true, times: 1 },
  { observe: false, times: 0 },
])('where nothing is limited, what is observed is measured ($observe)', async ({ observe, times }) => {
  const work = async ({ pool, events }: Watched): Promise<void> => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('ROLLBACK')
    client.release()
    expect(events).toHaveLength(times)
    const { counts } = poolStatistics(pool)?.poolerWait ?? expect.fail()
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(times)
  }
  await withPool({}, work, observe)
})
