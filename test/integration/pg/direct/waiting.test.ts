import type pg from 'pg'
import { AcquireTimeoutError, QueueFullError } from '@poolsafe/core'
import { poolStatistics } from '@poolsafe/pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { BehindPooler, onClient, pidOf, type Client, type MovingPool } from './behind-pooler.ts'

let behind: BehindPooler
beforeAll(async () => void (behind = await BehindPooler.start()))
afterEach(() => behind.endPools())
afterAll(() => behind.stop())

/** Runs `work` while another checkout holds the only direct connection. */
async function whileFull<Result>({ pool }: MovingPool, work: () => Promise<Result>): Promise<Result> {
  return onClient(pool, async (holder) => {
    await holder.query('LISTEN holder')
    return work()
  })
}

/** The same for work whose checkout goes on afterwards. */
async function whileFullFor({ direct }: MovingPool, work: () => Promise<unknown>): Promise<void> {
  const holder = await direct.connect()
  await work().finally(() => holder.release())
}

async function isWaiting({ direct }: MovingPool): Promise<void> {
  await vi.waitFor(() => expect(poolStatistics(direct)?.waiting).toBe(1), { timeout: 60_000 })
}

describe('the wait for a direct connection', () => {
  it('holds no pooled connection', async () => {
    const moving = behind.open({ max: 1 })
    let waiting: Promise<unknown> | undefined
    let client: Client | undefined
    await whileFull(moving, async () => {
      client = (await moving.pool.connect()) as Client
      waiting = client.query('LISTEN a')
      await isWaiting(moving)
      expect(await pidOf(moving.pool)).toBeGreaterThan(0)
      expect(poolStatistics(moving.pool)).toMatchObject({ active: 0, waiting: 0 })
    })
    await waiting
    client?.release()
  })

  it('ends after acquireTimeoutMillis, with the holders; the next statement tries again', async () => {
    const moving = behind.open({ max: 2 }, {}, { acquireTimeoutMillis: 1000, callSites: true, poolName: 'shop' })
    const client = (await moving.pool.connect()) as Client
    const error = await whileFull(moving, () => client.query('LISTEN a').catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect((error as Error).message).toContain('waiting.test.ts')
    expect(moving.guard.stats().pools.map(({ name, timedOut }) => ({ name, timedOut }))).toEqual([
      { name: 'shop', timedOut: 0 },
      { name: 'shop (direct)', timedOut: 1 },
    ])
    expect(await pidOf(client)).toBe(client.processID)
    client.release()
  })

  it('in which a caller has several checkouts accuses none of them of use after release', async () => {
    const { pool, logged } = behind.open({ max: 3 })
    const clients = await Promise.all([1, 2, 3].map(() => pool.connect()))
    const answers = clients.map(async (client, at) => {
      await client.query("SELECT set_config('app.holder', $1, false)", [String(at)])
      const { rows } = await client.query("SELECT current_setting('app.holder') AS holder")
      client.release()
      return rows as unknown
    })
    expect(await Promise.all(answers)).toEqual([[{ holder: '0' }], [{ holder: '1' }], [{ holder: '2' }]])
    expect(logged).toEqual([])
  })

  it('counts for the query_timeout of a statement, in every form of the call', async () => {
    const moving = behind.open({}, {}, { acquireTimeoutMillis: 60_000 })
    await onClient(moving.pool, async (client) => {
      const sent: Promise<unknown>[] = []
      await whileFullFor(moving, async () => {
        const limited = { text: 'LISTEN a', query_timeout: 50 }
        const called = new Promise((resolve) => {
          const callback = (error: Error | null): void => resolve(error?.message)
          void client.query({ ...limited, callback } as pg.QueryConfig)
        })
        await expect(client.query(limited)).rejects.toThrow('Query read timeout')
        expect(await called).toBe('Query read timeout')
        sent.push(client.query({ text: "SELECT 'sent' AS sent", query_timeout: 60_000 } as pg.QueryConfig))
        await isWaiting(moving)
      })
      const [answer] = (await Promise.all(sent)) as pg.QueryResult[]
      expect(answer?.rows).toEqual([{ sent: 'sent' }])
      // A statement that was given up is never sent.
      expect((await client.query('SELECT pg_listening_channels() AS channel')).rows).toEqual([])
      await expect(client.query({ text: 'SELECT pg_sleep(1)', query_timeout: 50 } as pg.QueryConfig)).rejects.toThrow(
        'Query read timeout',
      )
    })
  })

  it('counts for the query_timeout of the pool', async () => {
    const moving = behind.open({ config: { query_timeout: 500 } }, {}, { acquireTimeoutMillis: 60_000 })
    await whileFullFor(moving, () =>
      onClient(moving.pool, async (client) => {
        await expect(client.query('LISTEN a')).rejects.toThrow('Query read timeout')
      }),
    )
  })

  it('and the time of the statement have one query_timeout', async () => {
    const moving = behind.open({}, {}, { acquireTimeoutMillis: 60_000 })
    await onClient(moving.pool, async (client) => {
      let failed: Promise<unknown> | undefined
      await whileFullFor(moving, async () => {
        const limited = { text: 'LISTEN a; SELECT pg_sleep(2)', query_timeout: 1000 }
        failed = client.query(limited).catch(({ message }: Error) => message)
        await isWaiting(moving)
      })
      expect(await failed).toBe('Query read timeout')
    })
  })

  it('is refused beyond maxWaiting', async () => {
    const moving = behind.open({}, {}, { maxWaiting: 0 })
    await whileFull(moving, async () => {
      await expect(onClient(moving.pool, (client) => client.query('LISTEN a'))).rejects.toBeInstanceOf(QueueFullError)
    })
  })

  it('fails every statement that waits', async () => {
    const moving = behind.open({}, {}, { acquireTimeoutMillis: 1000 })
    await whileFull(moving, () =>
      onClient(moving.pool, async (client) => {
        const answers = await Promise.allSettled([client.query('LISTEN a'), client.query('SELECT 1')])
        expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      }),
    )
    expect(await pidOf(moving.pool)).toBeGreaterThan(0)
  })

  it('a release while it lasts sends what was asked for, and gives the connection back', async () => {
    const moving = behind.open()
    let sent: Promise<unknown> | undefined
    await whileFull(moving, async () => {
      const client = (await moving.pool.connect()) as Client
      sent = client.query("LISTEN a; SELECT 'done' AS done")
      await isWaiting(moving)
      client.release()
      expect(() => client.release()).toThrow('already been released')
    })
    expect(await sent).toMatchObject([{}, { rows: [{ done: 'done' }] }])
    await vi.waitFor(() => expect(poolStatistics(moving.direct)).toMatchObject({ idle: 1, active: 0 }))
  })

  it('a release that closes the connection ends it', async () => {
    const moving = behind.open()
    await whileFull(moving, async () => {
      const client = (await moving.pool.connect()) as Client
      const sent = client.query('LISTEN a')
      await isWaiting(moving)
      client.release(true)
      await expect(sent).rejects.toThrow('Connection terminated')
    })
    await vi.waitFor(() => expect(poolStatistics(moving.direct)).toMatchObject({ waiting: 0, active: 0 }))
  })
})

describe('statements that were sent before', () => {
  it('are answered on the pooled connection, before the checkout moves', async () => {
    const { pool, moved } = behind.open()
    await onClient(pool, async (client) => {
      const { processID } = client
      const earlier = client.query('SELECT pg_sleep(0.1), pg_backend_pid() AS pid')
      const later = client.query('LISTEN a')
      const { rows } = (await earlier) as { rows: { pid: number }[] }
      await later
      expect(client.processID).not.toBe(processID)
      expect(rows[0]?.pid).not.toBe(client.processID)
      expect(moved.length).toBe(1)
    })
  })

  it('keep the checkout where a transaction is open', async () => {
    const { pool, moved, logged } = behind.open()
    await onClient(pool, async (client) => {
      await Promise.all([client.query('BEGIN'), client.query('LISTEN a'), client.query('COMMIT')])
    })
    expect(moved).toEqual([])
    expect(logged.some((line) => line.includes('session/listen'))).toBe(true)
  })
})

it('a checkout that waits for itself is told, not left to its timeout', async () => {
  const moving = behind.open({ max: 2 }, { mode: 'strict' }, { acquireTimeoutMillis: 60_000 })
  await onClient(moving.pool, async (outer) => {
    await outer.query('LISTEN a')
    await expect(onClient(moving.pool, (inner) => inner.query('LISTEN b'))).rejects.toThrow(/wait/)
  })
})
