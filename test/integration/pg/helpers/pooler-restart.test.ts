import { createGuard, LeaseLostError, poolers } from '@poolsafe/core'
import {
  guardPool,
  listen,
  notify,
  withAdvisoryLock,
  withLease,
  withSettings,
  type NotificationGap,
} from '@poolsafe/pg'
import {
  startPgBouncer,
  startPostgres,
  type PgBouncerServer,
  type PoolMode,
  type PostgresServer,
} from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aborted } from '../../../support/aborted.ts'
import { Proxy } from '../../../support/servers/proxy.ts'
import { strictPool } from '../../../support/strict-pool.ts'

// The pooler is restarted, or stays away, while a helper runs. The address of the pooler stays the same.

let server: PostgresServer
let direct: pg.Pool
const ends: (() => Promise<void>)[] = []
beforeAll(async () => {
  server = await startPostgres()
  direct = new pg.Pool({ connectionString: server.url })
  await direct.query('CREATE TABLE written (by text)')
})
beforeEach(async () => {
  await direct.query('DROP TABLE IF EXISTS poolsafe_lease; TRUNCATE written')
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
afterAll(async () => {
  await direct.end()
  await server.stop()
})

const patient = { timeout: 60_000 }

/** A PgBouncer behind an address that outlives it. */
class RestartedPooler {
  readonly #way: Proxy
  readonly #mode: PoolMode
  #process: PgBouncerServer

  private constructor(way: Proxy, mode: PoolMode, process: PgBouncerServer) {
    this.#way = way
    this.#mode = mode
    this.#process = process
  }

  static async start(poolMode: PoolMode = 'transaction'): Promise<RestartedPooler> {
    const process = await startPgBouncer({ target: server, poolMode })
    const way = new Proxy(process.port)
    await way.open()
    const pooler = new RestartedPooler(way, poolMode, process)
    ends.push(() => pooler.#process.stop())
    ends.push(() => way.close())
    return pooler
  }

  get url(): string {
    const url = new URL(this.#process.url)
    url.port = String(this.#way.port)
    return url.href
  }

  /** Ends the process and the connections of its clients. */
  async stop(): Promise<void> {
    await this.#way.close()
    await this.#process.stop()
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#process = await startPgBouncer({ target: server, poolMode: this.#mode })
    this.#way.target = this.#process.port
    await this.#way.open()
  }
}

function openOn(pooler: RestartedPooler): pg.Pool {
  const pool = strictPool(pooler.url)
  ends.push(() => pool.end())
  return pool
}

async function expiry(): Promise<number> {
  const { rows } = await direct.query<{ at: Date }>('SELECT expires_at AS at FROM poolsafe_lease')
  return rows[0]!.at.getTime()
}

async function locksHeld(): Promise<number> {
  const { rows } = await direct.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")
  return rows.length
}

async function written(): Promise<number> {
  return (await direct.query('SELECT FROM written')).rows.length
}

describe('while the pooler is restarted', () => {
  it('a lease lives on, is renewed through the new pooler, and confirms writes', async () => {
    const pooler = await RestartedPooler.start()
    const pool = openOn(pooler)
    const held = await withLease(
      pool,
      'a',
      async (lease) => {
        await pooler.restart()
        const before = await expiry()
        await vi.waitFor(async () => expect(await expiry()).toBeGreaterThan(before), patient)
        await withSettings(pool, {}, async (client) => {
          await lease.confirm(client)
          await client.query("INSERT INTO written VALUES ('holder')")
        })
        return { fencing: lease.fencing, isLost: lease.signal.aborted }
      },
      { leaseMillis: 20_000 },
    )
    expect(held).toEqual({ acquired: true, result: { fencing: 1n, isLost: false } })
    expect(await written()).toBe(1)
  })

  it('a lease is lost if the pooler stays away for longer, and the next holder gets the next number', async () => {
    const pooler = await RestartedPooler.start()
    const pool = openOn(pooler)
    const lost = withLease(
      pool,
      'a',
      async ({ signal }) => {
        await pooler.stop()
        await aborted(signal)
      },
      { leaseMillis: 1500 },
    )
    await expect(lost).rejects.toBeInstanceOf(LeaseLostError)
    await pooler.restart()
    // The holder gives up before the row expires: it counts from before its renewal, the server from when that arrived.
    const next = await withLease(pool, 'a', (lease) => Promise.resolve(lease.fencing), {
      leaseMillis: 20_000,
      wait: 60_000,
    })
    expect(next).toEqual({ acquired: true, result: 2n })
  })

  it.each([
    ['a further statement fails', (client: pg.ClientBase) => client.query("INSERT INTO written VALUES ('lost')")],
    ['the COMMIT fails', () => Promise.resolve()],
  ])('an advisory lock is released, and its transaction rolled back: %s', async (_, goOn) => {
    const pooler = await RestartedPooler.start()
    const pool = openOn(pooler)
    const broken = withAdvisoryLock(pool, 'report', async (client) => {
      await client.query("INSERT INTO written VALUES ('lost')")
      await pooler.restart()
      await goOn(client)
    })
    await expect(broken).rejects.toThrow(/connection/i)
    await vi.waitFor(async () => expect(await locksHeld()).toBe(0), patient)
    expect(await written()).toBe(0)
    expect(await withAdvisoryLock(pool, 'report', () => Promise.resolve(1), { wait: false })).toEqual({
      acquired: true,
      result: 1,
    })
  })

  it('a function with settings fails, and the next one runs with its own', async () => {
    const pooler = await RestartedPooler.start()
    const pool = openOn(pooler)
    const tenant = (client: pg.ClientBase): Promise<string> =>
      client
        .query<{ tenant: string }>("SELECT current_setting('app.tenant', true) AS tenant")
        .then(({ rows }) => rows[0]!.tenant)
    const broken = withSettings(pool, { 'app.tenant': 'a' }, async (client) => {
      await pooler.restart()
      return tenant(client)
    })
    await expect(broken).rejects.toThrow()
    expect(await withSettings(pool, { 'app.tenant': 'b' }, tenant)).toBe('b')
    expect(await pool.query("SELECT nullif(current_setting('app.tenant', true), '') AS tenant")).toMatchObject({
      rows: [{ tenant: null }],
    })
  })

  it('a direct listener has no gap, and hears what is sent through the new pooler', async () => {
    const pooler = await RestartedPooler.start()
    const pool = openOn(pooler)
    const heard: string[] = []
    const gaps: NotificationGap[] = []
    const listener = await listen(direct, { paid: (id) => void heard.push(id) }, { onGap: (gap) => gaps.push(gap) })
    ends.push(() => listener.close())
    await notify(pool, 'paid', '1')
    await pooler.restart()
    await notify(pool, 'paid', '2')
    await vi.waitFor(() => expect(heard).toEqual(['1', '2']), patient)
    expect(gaps).toEqual([])
  })

  it('a listener through a pooler in session mode listens again, and reports the gap', async () => {
    const pooler = await RestartedPooler.start('session')
    const guard = createGuard({ mode: 'strict', pooler: poolers.direct(), logger: { warn: () => {} } })
    const pool = guardPool(new pg.Pool({ connectionString: pooler.url }), guard)
    ends.push(() => pool.end())
    const heard: string[] = []
    const gaps: NotificationGap[] = []
    const listener = await listen(
      pool,
      { paid: (id) => void heard.push(id) },
      { sessionPooler: true, onGap: (gap) => gaps.push(gap), reconnectAtMostMillis: 100 },
    )
    ends.push(() => listener.close())
    await pooler.restart()
    await vi.waitFor(() => expect(gaps).toHaveLength(1), patient)
    await notify(direct, 'paid', '1')
    await vi.waitFor(() => expect(heard).toEqual(['1']), patient)
  })
})
