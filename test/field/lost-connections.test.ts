import {
  ConnectionLostError,
  createGuard,
  type ConnectionLostEvent,
  type Guard,
  type GuardOptions,
} from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { errorMonitor, once } from 'node:events'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
let admin: pg.Pool
const pools: pg.Pool[] = []
beforeAll(async () => {
  server = await sharedPostgres()
  admin = new pg.Pool({ connectionString: server.url, max: 1 })
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

interface Opened {
  readonly pool: pg.Pool
  readonly guard: Guard
  readonly warnings: string[]
  readonly lost: ConnectionLostEvent[]
}

function open(config: pg.PoolConfig = {}, options: PoolOptions = {}, guardOptions: GuardOptions = {}): Opened {
  const warnings: string[] = []
  const guard = createGuard({ logger: { warn: (message: string) => void warnings.push(message) }, ...guardOptions })
  const lost: ConnectionLostEvent[] = []
  guard.on('connectionLost', (event) => void lost.push(event))
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard, options)
  pools.push(pool)
  return { pool, guard, warnings, lost }
}

async function failureOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function pidOf(client: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid as number
}

async function terminate(pid: number): Promise<void> {
  await admin.query('SELECT pg_terminate_backend($1)', [pid])
}

describe('a connection that is ended while it is idle in the pool', () => {
  it('does not end a process without a listener, and is counted, logged and reported', async () => {
    const { pool, guard, warnings, lost } = open()
    const published: unknown[] = []
    const hear = (message: unknown): void => void published.push(message)
    subscribe('poolsafe:connectionLost', hear)
    await terminate(await pidOf(pool))
    await vi.waitFor(() => expect(lost).toHaveLength(1))
    unsubscribe('poolsafe:connectionLost', hear)
    expect(lost[0]).toMatchObject({ reason: 'terminated', heldMillis: undefined })
    expect(lost[0]?.error.cause).toMatchObject({ code: '57P01' })
    expect(published).toEqual(lost)
    expect(poolStatistics(pool)?.connectionsLost).toMatchObject({ terminated: 1, reset: 0 })
    expect(guard.stats().pools[0]?.connectionsLost.terminated).toBe(1)
    expect((await guard.health()).pools[0]?.connectionsLost.terminated).toBe(1)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('terminating connection due to administrator command (57P01, terminated)')
    expect(warnings[0]).toContain('it was idle in the pool')
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
  })

  it('is heard by the listeners of the application, as without poolsafe', async () => {
    const { pool } = open()
    expect(pool.listenerCount('error')).toBe(0)
    const heard: unknown[][] = []
    pool.on('error', (...args: unknown[]) => void heard.push(args))
    await terminate(await pidOf(pool))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    expect(heard[0]?.[0]).toMatchObject({ code: '57P01' })
    expect(heard[0]?.[1]).toBeInstanceOf(pg.Client)
  })

  it('is heard by a monitor of errors, which is no listener', async () => {
    const { pool } = open()
    const heard: unknown[] = []
    pool.on(errorMonitor as unknown as 'error', (error) => void heard.push(error))
    await terminate(await pidOf(pool))
    await vi.waitFor(() => expect(heard).toMatchObject([{ code: '57P01' }]))
  })

  it('is logged once for a pool that loses all of its connections', async () => {
    const { pool, warnings, lost } = open({ max: 5 })
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()))
    const pids = await Promise.all(clients.map(pidOf))
    for (const client of clients) client.release()
    await Promise.all(pids.map(terminate))
    await vi.waitFor(() => expect(lost).toHaveLength(5))
    expect(warnings).toHaveLength(1)
  })

  it('still ends the process for an error that the application itself emits on its pool', () => {
    const { pool } = open()
    expect(() => pool.emit('error', new Error('mine'))).toThrow('mine')
  })

  it('counts no connection that the pool itself closes', async () => {
    const { pool } = open({ idleTimeoutMillis: 1 })
    const removed = once(pool, 'remove')
    await pool.query('SELECT 1')
    await removed
    const counts = Object.values(poolStatistics(pool)?.connectionsLost ?? {})
    expect(counts.every((count) => count === 0)).toBe(true)
  })

  it('survives removeAllListeners(), and so does the gate', async () => {
    const { pool, lost } = open()
    const pid = await pidOf(pool)
    pool.removeAllListeners()
    const clients = [pool.connect(), pool.connect()] as const
    ;(await clients[0]).release()
    ;(await clients[1]).release()
    expect(poolStatistics(pool)).toMatchObject({ active: 0, waiting: 0, acquired: 3 })
    await terminate(pid)
    await vi.waitFor(() => expect(lost).toHaveLength(1))
  })
})

describe('the errors after a connection was lost', () => {
  /** Every form of `query` that hears of its failure. */
  const forms: readonly (readonly [string, (client: pg.PoolClient) => Promise<unknown>])[] = [
    ['a promise', (client) => client.query('SELECT 1')],
    ['a callback', (client) => new Promise((_resolve, reject) => client.query('SELECT 1', reject))],
    ['a cursor', (client) => client.query(new Cursor('SELECT 1')).read(1)],
  ]

  it.each(forms)('have its reason, its time and its holder as their cause: %s', async (_name, send) => {
    for (const observe of [undefined, false] as const) {
      const { pool } = open({}, { callSites: true }, observe === undefined ? {} : { observe })
      const client = await pool.connect()
      await client.query("SET idle_in_transaction_session_timeout = '20ms'; BEGIN")
      await new Promise((resolve) => client.once('end', resolve))
      const error = (await failureOf(send(client))) as Error
      expect(error.constructor).toBe(Error)
      expect(error.message).toBe('Client has encountered a connection error and is not queryable')
      const cause = error.cause as ConnectionLostError
      expect(cause).toBeInstanceOf(ConnectionLostError)
      expect(cause.message).toContain(
        'terminating connection due to idle-in-transaction timeout (25P03, idleInTransaction)',
      )
      expect(cause.message).toMatch(/held +[\d.]+ m?s by .*\.ts:\d+/)
      expect(cause.cause).toMatchObject({ code: '25P03' })
      expect(cause.facts.lostAt).toMatch(/^\d{4}-\d\d-\d\dT/)
      client.release()
      await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    }
  })

  it('belong to what was queued, and to what pg-pool emits', async () => {
    const { pool } = open()
    const client = await pool.connect()
    const pid = await pidOf(client)
    const running = failureOf(client.query('SELECT pg_sleep(60)'))
    const queued = failureOf(client.query('SELECT 1'))
    // A server that ends before it has read the statement resets the connection, which may swallow its last words.
    const isActive = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'"
    await vi.waitFor(async () => expect((await admin.query(isActive, [pid])).rows).toHaveLength(1))
    await terminate(pid)
    expect(await running).toMatchObject({ code: '57P01' })
    expect(await queued).toMatchObject({
      message: expect.stringContaining('Connection terminated'),
      cause: { reason: 'terminated' },
    })
    client.release()
  })

  it('are of the transaction of Kysely as well', async () => {
    const { pool, guard, lost } = open()
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    const failed = failureOf(
      db.transaction().execute(async (trx) => {
        await sql`SET LOCAL idle_in_transaction_session_timeout = '20ms'`.execute(trx)
        await vi.waitFor(() => expect(lost).toHaveLength(1))
        await sql`SELECT 1`.execute(trx)
      }),
    )
    expect(await failed).toMatchObject({ cause: { reason: 'idleInTransaction' } })
    await expect(sql`SELECT 1`.execute(db)).resolves.toMatchObject({ rows: [expect.anything()] })
  })
})

describe('a connection that is lost while it is out', () => {
  it('is removed from the pool if the application does not release it, as after a failed BEGIN of Drizzle', async () => {
    const { pool, lost } = open({}, { acquireTimeoutMillis: 20_000 })
    const client = await pool.connect()
    await terminate(await pidOf(client))
    await vi.waitFor(() => expect(lost).toHaveLength(1))
    await expect(client.query('BEGIN')).rejects.toThrow()
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    expect(poolStatistics(pool)).toMatchObject({ active: 0, size: 1 })
    // A late release does no harm, once.
    client.release()
    expect(() => client.release()).toThrow('already been released')
  })

  it('is not handed on when it is released between its last words and its end', async () => {
    const { pool } = open()
    const client = await pool.connect()
    const pid = await pidOf(client)
    const failed = client.query('SELECT pg_sleep(60)').catch(() => client.release())
    const next = pool.query('SELECT pg_backend_pid() AS pid')
    await terminate(pid)
    await failed
    expect((await next).rows[0]).not.toMatchObject({ pid })
  })

  it.each(['57P01', '57P05', '25P03', '08006'])(
    'is no loss if a statement fails with the code of another server, as with postgres_fdw: %s',
    async (code) => {
      const { pool, lost } = open()
      const client = await pool.connect()
      const pid = await pidOf(client)
      await client.query('BEGIN')
      const raises = `DO $$ BEGIN RAISE EXCEPTION 'of another server' USING ERRCODE = '${code}'; END $$`
      await expect(client.query(raises)).rejects.toMatchObject({ code })
      // Longer than the pool waits before it takes back a lost connection.
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(pool.totalCount).toBe(1)
      await client.query('ROLLBACK')
      client.release()
      await expect(pidOf(pool)).resolves.toBe(pid)
      expect(lost).toEqual([])
    },
  )
})
