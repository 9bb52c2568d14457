import { createGuard, poolers, UnsafeStatementError, type PoolerProfile } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Statements of other projects' migrators, rebuilt from public reports about stuck locks and hanging deploys.

let server: SharedPostgres
let pooler: PgBouncerServer
let monitor: pg.Pool
const pools: pg.Pool[] = []
const clients: pg.Client[] = []
beforeAll(async () => {
  server = await sharedPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 3 })
  monitor = new pg.Pool({ connectionString: server.url, max: 1 })
})
afterEach(async () => {
  await Promise.all([...clients.splice(0), ...pools.splice(0)].map((each) => each.end()))
  await monitor.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  await vi.waitFor(async () => expect(await locksHeld()).toBe(0), patient)
})
afterAll(async () => {
  await monitor.end()
  await pooler.stop()
  await server.stop()
})

const patient = { timeout: 60_000 }

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url).on('error', () => {})
  clients.push(client)
  await client.connect()
  return client
}

/** A pool in strict mode. */
function open(url: string, profile: PoolerProfile): pg.Pool {
  const guard = createGuard({ mode: 'strict', pooler: profile, logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: url }), guard)
  pools.push(pool)
  return pool
}

const behind = poolers.pgbouncer({ version: '1.18' })

async function locksHeld(): Promise<number> {
  const { rows } = await monitor.query(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return rows.length
}

/** Another client is in a transaction on the server connection that holds the lock. */
async function useHolder(): Promise<() => Promise<void>> {
  const { rows: holders } = await monitor.query<{ pid: number }>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  const others = await Promise.all([1, 2, 3].map(() => connect(pooler.url)))
  const pids = await Promise.all(
    others.map(async (client) => {
      await client.query('BEGIN')
      return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
    }),
  )
  const user = others[pids.indexOf(holders[0]?.pid)]
  await Promise.all(others.filter((client) => client !== user).map((client) => client.query('ROLLBACK')))
  return async () => void (await user?.query('ROLLBACK'))
}

/** The lock, the migrations and the unlock, as each migrator sends them. */
const ofSession: readonly [string, lock: string, work: readonly string[], unlock: string][] = [
  [
    'authentik (#23876)',
    'SELECT pg_advisory_lock(1000)',
    ['BEGIN', 'SELECT 1', 'COMMIT'],
    'SELECT pg_advisory_unlock(1000)',
  ],
  [
    'Rails (#31190, #32622)',
    'SELECT pg_try_advisory_lock(3205611853)',
    ['BEGIN', 'SELECT 1', 'COMMIT'],
    'SELECT pg_advisory_unlock(3205611853)',
  ],
  [
    'Airflow (airflow-helm #529)',
    'SELECT pg_advisory_lock(1)',
    ['SELECT 1', 'BEGIN', 'SELECT 2', 'COMMIT'],
    'SELECT pg_advisory_unlock(1)',
  ],
  [
    'hindsight (#726)',
    'SELECT pg_try_advisory_lock(77)',
    ['BEGIN', 'SELECT 1', 'COMMIT'],
    'SELECT pg_advisory_unlock(77)',
  ],
  [
    'Atlas (#2447), two keys',
    'SELECT pg_try_advisory_lock(26864, 70616)',
    ['SELECT 1'],
    'SELECT pg_advisory_unlock(26864, 70616)',
  ],
  [
    'Prisma Migrate (#12999, #27636)',
    'SELECT pg_advisory_lock(72707369)',
    ['SELECT 1', 'BEGIN', 'SELECT 2', 'COMMIT'],
    'SELECT pg_advisory_unlock(72707369)',
  ],
]

describe('a migrator that locks the session', () => {
  it.each(ofSession)('leaves its lock behind the pooler: %s', async (_, lock, work, unlock) => {
    const client = await connect(pooler.url)
    for (const statement of [lock, ...work]) await client.query(statement)
    const giveBack = await useHolder()
    const answer = await client.query<Record<string, boolean>>(unlock)
    await giveBack()
    expect(Object.values(answer.rows[0] ?? {})).toEqual([false])
    expect(await locksHeld()).toBe(1)
  })

  it.each(ofSession)('is refused at its lock: %s', async (_, lock) => {
    const client = await open(pooler.url, behind).connect()
    const error = await client.query(lock).catch((caught: unknown) => caught)
    client.release()
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(error).toMatchObject({ rule: 'session/advisory-lock' })
    expect((error as Error).message).toContain('withAdvisoryLock()')
    expect(await locksHeld()).toBe(0)
  })
})

describe('a migrator that locks through pool.query (AIOStreams #976, mockforge #968)', () => {
  it('leaves its lock on another connection of its own pool, without any pooler', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 2 })
    pools.push(pool)
    await pool.query('SELECT pg_advisory_lock(8675309)')
    const [first, second] = [await pool.connect(), await pool.connect()]
    const answers = await Promise.all(
      [second, first].map((client) => client.query<{ done: boolean }>('SELECT pg_advisory_unlock(8675309) AS done')),
    )
    first.release()
    second.release()
    // One of two connections had it: which one pool.query gets next is chance.
    expect(new Set(answers.map(({ rows }) => rows[0]?.done))).toEqual(new Set([false, true]))
  })

  it('is refused also with the profile of a direct connection', async () => {
    const error = await open(server.url, poolers.direct())
      .query('SELECT pg_advisory_lock(8675309)')
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ rule: 'session/advisory-lock' })
    expect((error as Error).message).toContain('the application’s own pool')
  })
})

/** The migrators that changed to a lock of the transaction. */
const ofTransaction: readonly [string, readonly string[]][] = [
  ['Flyway (#2895)', ['BEGIN', 'SELECT pg_try_advisory_xact_lock(77431133147203)', 'SELECT 1', 'COMMIT']],
  ['golang-migrate (#908, #1364)', ['BEGIN', 'SELECT pg_advisory_xact_lock(9)', 'SELECT 1', 'COMMIT']],
  ['wikimind (#668), failing', ['BEGIN', 'SELECT pg_advisory_xact_lock(737069)', 'SELECT 1/0', 'ROLLBACK']],
  ['postgres-migrations (#23)', ['START TRANSACTION', 'SELECT pg_advisory_xact_lock(1234)', 'SELECT 1', 'COMMIT']],
]

describe('a migrator that locks in its transaction', () => {
  it.each(ofTransaction)('passes, and leaves nothing: %s', async (_, statements) => {
    const client = await open(pooler.url, behind).connect()
    for (const statement of statements)
      await client.query(statement).catch((error: unknown) => expect(error).toMatchObject({ code: '22012' }))
    client.release()
    await vi.waitFor(async () => expect(await locksHeld()).toBe(0), patient)
  })
})

describe('a migration that fails', () => {
  it('leaves the caller’s client in its transaction (node-pg-migrate #1752), which the release reports', async () => {
    const logged: string[] = []
    const guard = createGuard({ pooler: behind, logger: { warn: (line) => logged.push(line) } })
    const pool = guardPool(new pg.Pool({ connectionString: pooler.url }), guard)
    pools.push(pool)
    const client = await pool.connect()
    await client.query('SELECT pg_advisory_lock(7241865325823964)')
    await client.query('BEGIN')
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
    client.release()
    await vi.waitFor(() => {
      expect(logged.join('\n')).toContain('session/advisory-lock')
      expect(logged.join('\n')).toContain('transaction/left-open')
    }, patient)
  })

  it('is hidden by the unlock in its aborted transaction (hindsight #4611)', async () => {
    const client = await connect(server.url)
    await client.query('BEGIN')
    await client.query('SELECT pg_try_advisory_lock(77)')
    await expect(client.query('CREATE EXTENSION missing')).rejects.toMatchObject({ code: '0A000' })
    await expect(client.query('SELECT pg_advisory_unlock(77)')).rejects.toMatchObject({ code: '25P02' })
    await client.query('ROLLBACK')
    expect(await locksHeld()).toBe(1)
  })
})

describe('CREATE INDEX CONCURRENTLY under a lock (matrix-authentication-service #5298, coder #8353)', () => {
  it('deadlocks with a migrator that waits for the lock in one statement', async () => {
    await monitor.query('CREATE TABLE indexed (id int)')
    const [holder, waiting] = [await connect(server.url), await connect(server.url)]
    await holder.query('SELECT pg_advisory_lock(5)')
    const wait = waiting.query('SELECT pg_advisory_lock(5)').then(
      () => undefined,
      (error: unknown) => error,
    )
    await vi.waitFor(async () => {
      const { rows } = await monitor.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
      expect(rows).not.toEqual([])
    }, patient)
    const build = holder.query('CREATE INDEX CONCURRENTLY ON indexed (id)').then(
      () => undefined,
      (error: unknown) => error,
    )
    // PostgreSQL ends one of the two.
    const loser = await Promise.race([wait, build])
    expect(loser).toMatchObject({ code: '40P01' })
    await Promise.all([holder.end(), waiting.end()])
    await Promise.all([wait, build])
  })
})
