import { createGuard, InvalidOptionError, poolers } from '@poolsafe/core'
import {
  guardPool,
  listen,
  notify,
  PooledConnectionError,
  withSession,
  withSettings,
  type ListenOptions,
  type Listener,
  type NotificationGap,
} from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Proxy } from '../../../support/servers/proxy.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let server: PostgresServer
let pooler: PgBouncerServer
let way: Proxy
let admin: pg.Pool
const pools: pg.Pool[] = []
const listeners: Listener[] = []
beforeAll(async () => {
  server = await startPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 2 })
  way = new Proxy(server.port)
  await way.open()
  admin = new pg.Pool({ connectionString: server.url })
})
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})
afterAll(async () => {
  await admin.end()
  await way.close()
  await pooler.stop()
  await server.stop()
})

const quiet = { logger: { warn: () => {} } }
const patient = { timeout: 60_000 }

function open(connectionString: string, profile = poolers.direct(), config: pg.PoolConfig = {}): pg.Pool {
  const guard = createGuard({ mode: 'strict', pooler: profile, ...quiet })
  const pool = guardPool(new pg.Pool({ connectionString, ...config }), guard)
  pools.push(pool)
  return pool
}

const openDirect = (config?: pg.PoolConfig): pg.Pool => open(server.url, poolers.direct(), config)

/** A pool whose connections go through the way that can be cut. */
function openByWay(): pg.Pool {
  const url = new URL(server.url)
  url.port = String(way.port)
  return open(url.href)
}

async function hear(pool: pg.Pool, channel: string, options?: ListenOptions): Promise<string[]> {
  const heard: string[] = []
  listeners.push(await listen(pool, { [channel]: (payload) => void heard.push(payload) }, options))
  return heard
}

/** The server's processes that listen to a channel, as long as no heartbeat has come. */
async function listening(channel: string): Promise<readonly number[]> {
  const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE query = $1', [
    `LISTEN "${channel}"`,
  ])
  return rows.map(({ pid }) => pid)
}

async function endListening(channel: string): Promise<void> {
  for (const pid of await listening(channel)) await admin.query('SELECT pg_terminate_backend($1)', [pid])
}

describe('listen', () => {
  it('hears what is sent through the pooler, on every channel', async () => {
    const heard: string[] = []
    const listener = await listen(openDirect(), {
      'order-paid': (payload, { channel, processId }) => heard.push(`${channel} ${payload} ${processId > 0}`),
      'a "quoted" Channel': (payload) => heard.push(payload),
    })
    listeners.push(listener)
    const pooled = open(pooler.url, poolers.pgbouncer({ version: '1.18' }))
    await notify(pooled, 'order-paid', '7')
    await notify(pooled, 'a "quoted" Channel')
    await vi.waitFor(() => expect(heard).toEqual(['order-paid 7 true', '']), patient)
  })

  it('hears a notification of a transaction only after its COMMIT', async () => {
    const heard = await hear(openDirect(), 'later')
    const pooled = open(pooler.url, poolers.pgbouncer({ version: '1.18' }))
    await withSettings(pooled, {}, (client) =>
      notify(client, 'later', 'rolled back').then(() => Promise.reject(new Error('no'))),
    ).catch(() => {})
    await withSettings(pooled, {}, (client) => notify(client, 'later', 'committed'))
    await vi.waitFor(() => expect(heard).toEqual(['committed']), patient)
  })

  it('is none of the connections of the pool', async () => {
    const pool = openDirect({ max: 1 })
    const heard = await hear(pool, 'a')
    await pool.query("NOTIFY a, 'x'")
    await vi.waitFor(() => expect(heard).toEqual(['x']), patient)
    expect(pool.totalCount).toBe(1)
  })

  it('listens again after its connection is ended, and reports the gap', async () => {
    const gaps: NotificationGap[] = []
    const heard = await hear(openDirect(), 'b', { onGap: (gap) => gaps.push(gap) })
    await endListening('b')
    await vi.waitFor(() => expect(gaps).toHaveLength(1), patient)
    expect(gaps[0]).toMatchObject({ cause: { code: '57P01' } })
    expect(gaps[0]?.gapMillis).toBeGreaterThan(0)
    await notify(admin, 'b', 'again')
    await vi.waitFor(() => expect(heard).toEqual(['again']), patient)
  })

  it('tries again until the server is back', async () => {
    const gaps: NotificationGap[] = []
    const failures: unknown[] = []
    const heard = await hear(openByWay(), 'c', {
      onGap: (gap) => gaps.push(gap),
      onError: (error) => failures.push(error),
      reconnectAtMostMillis: 50,
    })
    await way.close()
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(2), patient)
    expect(listeners[0]?.isConnected).toBe(false)
    await way.open()
    await vi.waitFor(() => expect(gaps).toHaveLength(1), patient)
    expect(listeners[0]?.isConnected).toBe(true)
    await notify(admin, 'c', 'back')
    await vi.waitFor(() => expect(heard).toEqual(['back']), patient)
  })

  it('replaces a connection that has gone silent', async () => {
    const gaps: NotificationGap[] = []
    const heard = await hear(openByWay(), 'd', {
      onGap: (gap) => gaps.push(gap),
      heartbeatMillis: 200,
      reconnectAtMostMillis: 50,
    })
    way.forgetAll()
    await vi.waitFor(() => expect(gaps.length).toBeGreaterThan(0), patient)
    expect(String(gaps[0]?.cause)).toContain('did not answer within 200 ms')
    await notify(admin, 'd', 'heard')
    await vi.waitFor(() => expect(heard).toEqual(['heard']), patient)
  })

  it('survives handlers that throw and reject, and reports each', async () => {
    const told: unknown[] = []
    let calls = 0
    const listener = await listen(
      openDirect(),
      {
        throws: () => {
          calls++
          throw new Error('thrown')
        },
        rejects: () => {
          calls++
          return Promise.reject(new Error('rejected'))
        },
      },
      { onError: (error, at) => told.push([String(error), at]) },
    )
    listeners.push(listener)
    await notify(admin, 'throws')
    await notify(admin, 'rejects')
    await vi.waitFor(() => expect(told).toHaveLength(2), patient)
    expect(told).toEqual([
      ['Error: thrown', { channel: 'throws' }],
      ['Error: rejected', { channel: 'rejects' }],
    ])
    expect(calls).toBe(2)
  })

  it('warns once for a channel without onError', async () => {
    const warnings: string[] = []
    const note = ({ name, message }: Error): void => void (name === 'PoolsafeWarning' && warnings.push(message))
    process.on('warning', note)
    let calls = 0
    listeners.push(
      await listen(openDirect(), {
        fails: () => {
          calls++
          throw new Error('no')
        },
      }),
    )
    await notify(admin, 'fails')
    await notify(admin, 'fails')
    await vi.waitFor(() => expect([calls, warnings.length]).toEqual([2, 1]), patient)
    process.off('warning', note)
    expect(warnings).toEqual(['the handler of channel fails failed: no'])
  })

  it('closes its connection, also with using', async () => {
    {
      await using listener = await listen(openDirect(), { e: () => {} })
      expect(listener.isConnected).toBe(true)
    }
    await vi.waitFor(async () => expect(await listening('e')).toEqual([]), patient)
  })

  it('can be closed while it tries to reconnect', async () => {
    const failures: unknown[] = []
    await hear(openByWay(), 'f', { onError: (error) => failures.push(error), reconnectAtMostMillis: 50 })
    await way.close()
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), patient)
    await listeners[0]?.close()
    const before = failures.length
    await way.open()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(failures.length - before).toBeLessThanOrEqual(1)
    expect(await listening('f')).toEqual([])
  })

  it('refuses a pool that is guarded for a pooler', async () => {
    const pool = open(server.url, poolers.pgbouncer({ version: '1.18' }))
    await expect(listen(pool, { a: () => {} })).rejects.toBeInstanceOf(PooledConnectionError)
  })

  it('refuses a URL that names a pooler', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://u:secret@ep-a-1-pooler.eu.aws.neon.tech/db' })
    const refused = listen(pool, { a: () => {} })
    await expect(refused).rejects.toBeInstanceOf(PooledConnectionError)
    await expect(refused).rejects.not.toThrow('secret')
  })

  it('finds a pooler by its process id, and accepts one that is known to be in session mode', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url })
    pools.push(pool)
    await expect(listen(pool, { a: () => {} })).rejects.toBeInstanceOf(PooledConnectionError)
    await hear(pool, 'g', { sessionPooler: true })
    expect(listeners[0]?.isConnected).toBe(true)
  })

  it('fails with the error of the driver where nothing can be reached', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: 1 })
    await expect(listen(pool, { a: () => {} })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.each<[string, object, object]>([
    ['no channel', {}, {}],
    ['an empty channel', { '': () => {} }, {}],
    ['a channel of 64 bytes', { ['x'.repeat(64)]: () => {} }, {}],
    ['a handler that is no function', { a: 'x' }, {}],
    ['an unknown option', { a: () => {} }, { heartbeat: 5 }],
    ['a heartbeat of 0', { a: () => {} }, { heartbeatMillis: 0 }],
  ])('refuses %s', async (_, handlers, options) => {
    await expect(listen(openDirect(), handlers as {}, options)).rejects.toBeInstanceOf(InvalidOptionError)
  })
})

describe('notify', () => {
  it('sends 7999 bytes, and refuses 8000 with their number', async () => {
    const heard = await hear(openDirect(), 'h')
    await notify(admin, 'h', 'x'.repeat(7999))
    await vi.waitFor(() => expect(heard[0]).toHaveLength(7999), patient)
    const refused = notify(admin, 'h', 'ü'.repeat(4000))
    await expect(refused).rejects.toThrow(InvalidOptionError)
    await expect(refused).rejects.toThrow('8000 bytes')
  })

  it.each([
    ['', 'an empty channel'],
    ['x'.repeat(64), 'a channel of 64 bytes'],
  ])('refuses %#', async (channel) => {
    await expect(notify(admin, channel)).rejects.toBeInstanceOf(InvalidOptionError)
  })
})

describe('withSession', () => {
  it('keeps a session for as long as the function runs, and cleans it', async () => {
    const direct = openDirect({ max: 1 })
    const rows = await withSession(direct, async (client) => {
      await client.query("SET app.tenant = '7'")
      await client.query('CREATE TEMP TABLE staging (a int)')
      await client.query('SELECT pg_advisory_lock(1)')
      await client.query('INSERT INTO staging VALUES (1)')
      return (await client.query("SELECT a, current_setting('app.tenant') AS tenant FROM staging")).rows as unknown
    })
    expect(rows).toEqual([{ a: 1, tenant: '7' }])
    const after = await direct.query(
      `SELECT current_setting('app.tenant', true) AS tenant, to_regclass('pg_temp.staging') AS staging,
         (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks`,
    )
    expect(after.rows).toEqual([{ tenant: '', staging: null, locks: 0 }])
    expect(direct.totalCount).toBe(1)
  })

  it('ends a transaction that the function left open, and passes its error on', async () => {
    const direct = openDirect({ max: 1 })
    const failure = new Error('no')
    const failing = withSession(direct, async (client) => {
      await client.query('BEGIN')
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    const { rows } = await direct.query<{ now: boolean }>('SELECT now() = statement_timestamp() AS now')
    expect(rows).toEqual([{ now: true }])
  })

  it('closes a connection that it cannot clean', async () => {
    const direct = openDirect({ max: 1 })
    await withSession(direct, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    })
    expect(direct.totalCount).toBe(0)
  })

  it('refuses a pool behind a pooler', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url })
    pools.push(pool)
    await expect(withSession(pool, () => Promise.resolve())).rejects.toBeInstanceOf(PooledConnectionError)
    const guarded = open(pooler.url, poolers.pgbouncer({ version: '1.18' }))
    await expect(withSession(guarded, () => Promise.resolve())).rejects.toBeInstanceOf(PooledConnectionError)
  })
})
