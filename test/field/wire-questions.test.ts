import { createGuard, PoolerWaitError, StatementTimeoutError, type Guard } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'
import { startNarrowPooler, type NarrowPooler } from '../support/servers/narrow-pooler.ts'

const limitMillis = 500

let narrow: NarrowPooler
beforeAll(async () => {
  narrow = await startNarrowPooler()
})
afterAll(() => narrow.stop())

interface Subject {
  readonly guard: Guard
  readonly pool: pg.Pool
  /** Everything that was logged, and the text of every statement of the event `query`. */
  readonly reported: string[]
}

async function use(url: string, options: PoolOptions, work: (subject: Subject) => Promise<void>): Promise<void> {
  const reported: string[] = []
  const guard = createGuard({
    logger: { warn: (...args: unknown[]) => void reported.push(JSON.stringify(args)) },
    observe: { slowQueryMillis: 1 },
  })
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard, options)
  pool.on('error', () => {})
  guard.on('query', (event) => void reported.push(JSON.stringify(event)))
  try {
    await work({ guard, pool, reported })
  } finally {
    await pool.end()
  }
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )
}

it.each([
  ['BEGIN', { poolerWaitTimeoutMillis: limitMillis }, PoolerWaitError],
  ['SELECT 2 AS mine', { statementTimeoutMillis: limitMillis }, StatementTimeoutError],
] as const)('a ping that waits before a statement is in no error and no log: %s', async (text, options, expected) => {
  await use(narrow.pooler.url, options, async ({ guard, pool, reported }) => {
    const client = await pool.connect()
    await client.query('SELECT 3 AS first')
    client.release()
    await narrow.holder.query('BEGIN')
    const health = guard.health({ pingTimeoutMillis: 60_000 })
    const taken = await pool.connect()
    const error = await failureOf(taken.query(text))
    taken.release()
    await narrow.holder.query('ROLLBACK')
    await health
    expect(error).toBeInstanceOf(expected)
    if (error instanceof StatementTimeoutError) {
      expect(error).toMatchObject({ statement: 'SELECT ? AS mine', wasCancelled: false, wasSent: false })
      expect(error.message).toContain('the call can be made again')
    }
    expect(reported.join('\n')).not.toMatch(/SELECT (?:\?|1)(?![\w ])/)
    expect((await pool.query('SELECT 4 AS next')).rows).toEqual([{ next: 4 }])
  })
})

it('a ping that is answered changes neither the limits of the statement behind it nor what is counted as the pooler’s wait', async () => {
  await use(
    narrow.pooler.url,
    { statementTimeoutMillis: 60_000, poolerWaitTimeoutMillis: 30_000 },
    async ({ guard, pool }) => {
      await pool.query('SELECT 1')
      for (let round = 0; round < 20; round++) {
        const health = guard.health()
        const client = await pool.connect()
        const answers = await Promise.all([
          client.query('BEGIN'),
          client.query('SHOW statement_timeout'),
          client.query('COMMIT'),
        ])
        expect(answers[1].rows).toEqual([{ statement_timeout: '1min' }])
        client.release()
        await health
      }
      expect(guard.stats().pools[0]?.poolerWait.counts.reduce((sum, count) => sum + count)).toBe(20)
    },
  )
})

it('an idle connection that does not answer a ping is closed and replaced', async () => {
  const way = new Proxy(narrow.server.port)
  await way.open()
  const url = new URL(narrow.server.url)
  url.port = String(way.port)
  await use(url.href, {}, async ({ guard, pool }) => {
    const pidOf = async (): Promise<unknown> => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]
    const first = await pidOf()
    const removed = new Promise((resolve) => void pool.once('remove', resolve))
    way.silence()
    expect(await guard.health({ pingTimeoutMillis: 50 })).toMatchObject({ healthy: false, problems: ['pingTimedOut'] })
    await removed
    way.speak()
    const second = await pidOf()
    expect(second).not.toEqual(first)
    expect(pool.totalCount).toBe(1)
    expect((await guard.health()).healthy).toBe(true)
  })
  await way.close()
})
