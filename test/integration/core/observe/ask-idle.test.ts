import { engineOf } from '@poolsafe/core/adapter'
import { createGuard, type Guard, type GuardEvents } from '@poolsafe/core'
import { guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(async () => {
  await server.stop()
})

type Ask = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]> | undefined

interface Guarded {
  readonly pool: pg.Pool
  readonly ask: Ask
  /** The messages of the guard and of pg-pool, from then on. */
  readonly told: string[]
}

const watchedOfGuard = [
  'query',
  'acquire',
  'release',
  'finding',
  'fault',
] as const satisfies readonly (keyof GuardEvents)[]
const watchedOfPool = ['connect', 'acquire', 'release', 'remove'] as const

async function use(
  config: pg.PoolConfig,
  work: (guarded: Guarded) => Promise<void>,
  options: PoolOptions = {},
): Promise<void> {
  const guard: Guard = createGuard({ mode: 'strict', logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard, options)
  const told: string[] = []
  for (const name of watchedOfGuard) guard.on(name, () => void told.push(name))
  for (const name of watchedOfPool) pool.on(name, () => void told.push(name))
  const [observed = expect.fail()] = engineOf(guard).pools
  try {
    await work({ pool, told, ask: (sql) => observed.ask(sql) })
  } finally {
    await pool.end()
  }
}

it('a question of our own goes to an idle connection, and nothing is judged, observed, counted or emitted', async () => {
  await use({}, async ({ pool, told, ask }) => {
    await pool.query('SELECT 1')
    const before = poolStatistics(pool)
    told.length = 0
    expect(await ask('SET LOCAL statement_timeout = 1000; SELECT 2 AS two')).toEqual([{ two: 2 }])
    expect(poolStatistics(pool)).toEqual(before)
    expect(told).toEqual([])
    expect((await pool.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }])
  })
})

it('no connection is opened for a question', async () => {
  await use({ max: 3 }, async ({ pool, ask }) => {
    expect(ask('SELECT 1')).toBeUndefined()
    expect(pool.totalCount).toBe(0)
  })
})

it('a connection that is checked out, or that a caller waits for, gets no ping', async () => {
  await use({}, async ({ pool, ask }) => {
    const client = await pool.connect()
    expect(ask('SELECT 1')).toBeUndefined()
    const waiting = pool.connect()
    expect(ask('SELECT 1')).toBeUndefined()
    client.release()
    expect(ask('SELECT 1')).toBeUndefined()
    const next = await waiting
    next.release()
    expect(await ask('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

it.each([
  ['pg', pg],
  ['the oldest pg', pgOldest],
])(
  'of %s, a connection that came back inside a transaction is left alone, any other is asked',
  async (_name, { Pool }) => {
    const guard = createGuard({ logger: { warn: () => {} } })
    const pool = guardPool(new Pool({ connectionString: server.url, max: 1 }), guard)
    const [observed = expect.fail()] = engineOf(guard).pools
    const client = await pool.connect()
    await client.query('BEGIN')
    client.release()
    expect(pool.idleCount).toBe(1)
    expect(observed.ask('SELECT 1')).toBeUndefined()
    await pool.query('ROLLBACK')
    expect(await observed.ask('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await pool.end()
  },
)

it('a refusal of the server is an error of the question, and the connection goes on', async () => {
  await use({}, async ({ pool, told, ask }) => {
    const pidOf = async (): Promise<unknown> => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]
    const pid = await pidOf()
    told.length = 0
    await expect(ask('SELECT * FROM missing')).rejects.toMatchObject({ code: '42P01' })
    expect(told).toEqual([])
    expect(await pidOf()).toEqual(pid)
  })
})

it('a query that is sent while a question is under way gets its own answer', async () => {
  await use({}, async ({ pool, ask }) => {
    await pool.query('SELECT 1')
    const question = ask('SELECT pg_sleep(0.2), 1 AS ours')
    const query = pool.query('SELECT 2 AS theirs')
    expect(await question).toMatchObject([{ ours: 1 }])
    expect((await query).rows).toEqual([{ theirs: 2 }])
  })
})

it('if the pool limits its statements, a question changes neither the limit nor a transaction that follows', async () => {
  await use(
    {},
    async ({ pool, ask }) => {
      const client = await pool.connect()
      client.release()
      expect(await ask('SET LOCAL statement_timeout = 1000; SELECT 1 AS one')).toEqual([{ one: 1 }])
      const limitOf = async (from: pg.Pool | pg.PoolClient): Promise<unknown> =>
        (await from.query('SHOW statement_timeout')).rows[0]
      expect(await limitOf(pool)).toEqual({ statement_timeout: '0' })
      const next = await pool.connect()
      await next.query('BEGIN')
      expect(await limitOf(next)).toEqual({ statement_timeout: '100s' })
      await next.query('ROLLBACK')
      next.release()
    },
    { statementTimeoutMillis: 100_000 },
  )
})

it('a pool can end while a question is under way', async () => {
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  await pool.query('SELECT 1')
  const [observed = expect.fail()] = engineOf(guard).pools
  const question = observed.ask('SELECT pg_sleep(60)') ?? expect.fail()
  const failed = expect(question).rejects.toThrow('Connection terminated')
  await pool.end()
  await failed
})
