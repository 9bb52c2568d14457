import { createGuard, type Guard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const away = new Error('the certificate is away')

interface Subject {
  readonly guard: Guard
  readonly pool: pg.Pool
  /** From then on pg makes clients, or none. */
  mend(isMended?: boolean): void
}

/** A pool whose clients cannot be made until that is mended, as those whose certificate is being replaced. */
async function use(isGuarded: boolean, work: (subject: Subject) => Promise<void>): Promise<void> {
  let isMended = false
  class Client extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super(config)
      if (!isMended) throw away
    }
  }
  const guard = createGuard({ logger: { warn: () => {} } })
  const bare = new pg.Pool({ connectionString: server.url, max: 2, Client } as unknown as pg.PoolConfig)
  const pool = isGuarded ? guardPool(bare, guard) : bare
  try {
    await work({ guard, pool, mend: (to = true) => void (isMended = to) })
  } finally {
    await pool.end()
  }
}

const calls: readonly [string, (pool: pg.Pool) => unknown][] = [
  ['connect()', (pool) => pool.connect()],
  ['connect(callback)', (pool) => pool.connect(() => {})],
  ['query()', (pool) => pool.query('SELECT 1')],
  ['query(…, callback)', (pool) => pool.query('SELECT 1', () => {})],
]

it.each(calls)(
  'where no client can be made, %s throws what it throws without poolsafe, and the pool keeps its room',
  async (_name, call) => {
    await use(false, async ({ pool }) => {
      expect(() => call(pool)).toThrow(away)
    })
    await use(true, async ({ guard, pool, mend }) => {
      for (let times = 0; times < 5; times++) expect(() => call(pool)).toThrow(away)
      expect(guard.stats().pools).toMatchObject([{ active: 0, waiting: 0, connectFailures: 5 }])
      mend()
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  },
)

it('a call that waits meanwhile fails with the same error', async () => {
  await use(true, async ({ pool, mend }) => {
    mend()
    const holders = [await pool.connect(), await pool.connect()]
    const waiting = Promise.allSettled([pool.connect(), pool.query('SELECT 1')])
    mend(false)
    for (const holder of holders) holder.release(true)
    expect(await waiting).toEqual([
      { status: 'rejected', reason: away },
      { status: 'rejected', reason: away },
    ])
    mend()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

it('a pool without clients is not healthy however often it is asked, and is once they can be made', async () => {
  await use(true, async ({ guard, pool, mend }) => {
    const ask = (): ReturnType<Guard['health']> => guard.health({ pingTimeoutMillis: 60_000 })
    for (let times = 0; times < 5; times++)
      expect(await ask()).toMatchObject({ healthy: false, problems: ['cannotConnect'] })
    mend()
    expect(await ask()).toMatchObject({ healthy: true, pools: [{ size: 1, idle: 1 }] })
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

it('a missing certificate is reported as that', async () => {
  const url = new URL(server.url)
  url.searchParams.set('sslrootcert', `${import.meta.dirname}/missing.pem`)
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: url.href }), guard)
  expect((await guard.health()).reasons).toEqual([
    expect.stringMatching(
      /: a file that connecting needs \(a certificate or a key\) cannot be read \(unreadableFile\)$/,
    ),
  ])
  expect(() => pool.query('SELECT 1')).toThrow('ENOENT')
  await pool.end()
})
