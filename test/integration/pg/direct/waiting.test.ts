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
