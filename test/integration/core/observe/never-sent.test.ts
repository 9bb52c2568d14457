import { createGuard, type Guard, type QueryEvent } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failureOf } from '../../../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Subject {
  readonly guard: Guard
  readonly pool: pg.Pool
  readonly told: QueryEvent[]
}

async function use(
  config: pg.PoolConfig,
  options: PoolOptions,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard, {
    poolName: 'main',
    ...options,
  })
  const told: QueryEvent[] = []
  guard.on('query', (event) => void told.push(event))
  try {
    await work({ guard, pool, told })
  } finally {
    if (!pool.ending) await pool.end()
  }
}

/** All of its time is the wait for the connection. */
function expectNeverSent(event: QueryEvent | undefined, sqlState: string | undefined): void {
  expect(event).toMatchObject({
    failed: true,
    sqlState,
    pool: 'main',
    executionMillis: 0,
    statement: 'SELECT ?::int',
    rows: undefined,
  })
  expect(event?.poolWaitMillis).toBe(event?.durationMillis)
}

const send = (pool: pg.Pool): Promise<unknown> => failureOf(() => pool.query('SELECT $1::int', [7]))

it.each([
  ['waits in vain', { acquireTimeoutMillis: 1500 }],
  ['is refused as too many wait', { maxWaiting: 0 }],
])('a statement that %s for a connection is one that failed, once', async (_what, options) => {
  await use({}, options, async ({ guard, pool, told }) => {
    const holder = await pool.connect()
    await send(pool)
    await new Promise<void>((resolve) => pool.query('SELECT $1::int', [7], () => resolve()))
    holder.release()
    expect(guard.stats()).toMatchObject({ totalQueries: 2, totalErrors: 2, slowest: [{ count: 2, errors: 2 }] })
    expect(told).toHaveLength(2)
    for (const event of told) expectNeverSent(event, undefined)
    await pool.query('SELECT $1::int', [7])
    expect(guard.stats()).toMatchObject({ totalQueries: 3, totalErrors: 2 })
  })
})

it('a statement whose login is refused counts as failed, with the SQLSTATE of the login', async () => {
  await use(
    { password: 'guessed', connectionString: undefined, ...parts(), user: 'nobody' },
    {},
    async ({ guard, pool, told }) => {
      await send(pool)
      expect(guard.stats()).toMatchObject({ totalQueries: 1, totalErrors: 1 })
      expectNeverSent(told[0], '28P01')
    },
  )
})

it('a statement to a pool that has ended, and one for which no client can be made, are statements that failed', async () => {
  await use({}, {}, async ({ guard, pool }) => {
    await pool.end()
    await send(pool)
    expect(guard.stats()).toMatchObject({ totalQueries: 1, totalErrors: 1 })
  })
  const url = new URL(server.url)
  url.searchParams.set('sslrootcert', `${import.meta.dirname}/missing.pem`)
  await use({ connectionString: url.href }, {}, async ({ guard, pool, told }) => {
    expect(() => pool.query('SELECT $1::int', [7])).toThrow('ENOENT')
    expect(guard.stats()).toMatchObject({ totalQueries: 1, totalErrors: 1 })
    expectNeverSent(told[0], undefined)
  })
})

it('a checkout that fails is no statement', async () => {
  await use({}, { maxWaiting: 0 }, async ({ guard, pool }) => {
    const holder = await pool.connect()
    await failureOf(() => pool.connect())
    holder.release()
    expect(guard.stats()).toMatchObject({ totalQueries: 0, totalErrors: 0 })
  })
})

function parts(): pg.PoolConfig {
  const { hostname: host, port, pathname } = new URL(server.url)
  return { host, port: Number(port), database: pathname.slice(1) }
}
