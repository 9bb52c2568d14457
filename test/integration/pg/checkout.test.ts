import { AcquireTimeoutError, createGuard, type ConnectFailureEvent, type GuardEvents } from '@poolsafe/core'
import { guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardDialect } from '@poolsafe/kysely'
import { collectLog } from '../../support/collect-log.ts'
import { failureOf } from '../../support/prisma/guarded.ts'

let server: PostgresServer
let monitor: pg.Pool
beforeAll(async () => {
  server = await startPostgres()
  monitor = new pg.Pool({ connectionString: server.url, max: 1 })
  monitor.on('error', () => {})
})
afterAll(async () => {
  await monitor.end()
  await server.stop()
})

async function use<Result>(
  config: pg.PoolConfig,
  options: PoolOptions,
  work: (pool: pg.Pool) => Promise<Result>,
  guard: Parameters<typeof guardPool>[1] = collectLog().guard,
): Promise<Result> {
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard, options)
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

describe("pg-pool's own behaviour", () => {
  /** Lets three calls want a pool of one at once, with a listener for each event. Returns the events. */
  async function story(pool: pg.Pool): Promise<string[]> {
    const told: string[] = []
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const)
      pool.on(event, () => void told.push(event))
    const call = async (name: string): Promise<void> => {
      const client = await pool.connect()
      told.push(`${name}: total ${pool.totalCount}, idle ${pool.idleCount}, waiting ${pool.waitingCount}`)
      await client.query('SELECT 1')
      client.release(name === 'second')
    }
    const calls = ['first', 'second', 'third'].map(call)
    told.push(`asked: waiting ${pool.waitingCount}`)
    await Promise.all(calls)
    await pool.query('SELECT 1')
    await pool.end()
    return told
  }

  it('are kept: the same events and counters, in the same order', async () => {
    const bare = await story(new pg.Pool({ connectionString: server.url, max: 1 }))
    const guarded = await story(guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), collectLog().guard))
    // A connection that is closed leaves its place at once: the next caller need not wait until it is gone.
    const settled = (told: string[]): string[] => told.filter((event) => event !== 'remove')
    expect(settled(guarded)).toEqual(settled(bare))
  })

  it('are kept for a class of promises that begins when someone awaits it', async () => {
    class LazyPromise<Value> extends Promise<Value> {
      readonly #begin: ConstructorParameters<typeof Promise<Value>>[0]

      constructor(begin: ConstructorParameters<typeof Promise<Value>>[0]) {
        super(() => {})
        this.#begin = begin
      }

      // oxlint-disable-next-line unicorn/no-thenable -- this is what such a class replaces
      override then<One = Value, Other = never>(
        ...reactions: Parameters<Promise<Value>['then']>
      ): Promise<One | Other> {
        return new Promise<Value>(this.#begin).then(...reactions) as Promise<One | Other>
      }

      static override get [Symbol.species](): PromiseConstructor {
        return Promise
      }
    }
    await use({ Promise: LazyPromise }, {}, async (pool) => {
      const client = await pool.connect()
      expect(client).toBeInstanceOf(pg.Client)
      client.release()
    })
  })

  it('are kept for callbacks, which run in the context of their own call', async () => {
    const requests = new AsyncLocalStorage<string>()
    await use({}, {}, async (pool) => {
      const seen: (string | undefined)[] = []
      const call = (name: string): Promise<void> =>
        requests.run(
          name,
          () =>
            new Promise((resolve, reject) => {
              pool.connect((error, client, release) => {
                if (error !== undefined || client === undefined) return reject(error ?? new Error('no client'))
                seen.push(requests.getStore())
                expect(client.release).toBe(release)
                setImmediate(() => {
                  release()
                  resolve()
                })
              })
            }),
        )
      await Promise.all(['a', 'b', 'c'].map(call))
      expect(seen).toEqual(['a', 'b', 'c'])
    })
  })

  it('are kept for a pool that has ended; waiting callers fail', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), collectLog().guard)
    const client = await pool.connect()
    const waiting = failureOf(() => pool.connect())
    const ended = pool.end()
    const said = 'Cannot use a pool after calling end on the pool'
    expect(await waiting).toMatchObject({ message: said })
    expect(await failureOf(() => pool.connect())).toMatchObject({ message: said })
    client.release()
    await ended
  })

  it('are kept for a double release', async () => {
    await use({}, {}, async (pool) => {
      const client = await pool.connect()
      client.release()
      expect(() => client.release()).toThrow('already been released')
      expect(poolStatistics(pool)).toMatchObject({ active: 0 })
    })
  })
})

describe('a guarded pool', () => {
  it('keeps a connection that comes too late for its caller', async () => {
    let open = (): void => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    // Longer than a login takes on a busy machine.
    await use({ onConnect: () => opened }, { acquireTimeoutMillis: 1500 }, async (pool) => {
      const error = await failureOf(() => pool.query('SELECT 1'))
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      expect(error).toMatchObject({ likelyCause: 'slowConnect' })
      open()
      while (poolStatistics(pool)?.lateArrivals === 0) await turn()
      expect(pool).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 })
      await pool.query('SELECT 1')
    })
  })

  it('counts a connection that was out before it was guarded', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const client = await pool.connect()
    guardPool(pool, collectLog().guard)
    const waiting = pool.query('SELECT 1 AS one')
    expect(pool.waitingCount).toBe(1)
    client.release()
    expect((await waiting).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  it('survives that the server ends a connection that is out', async () => {
    await use({}, {}, async (pool) => {
      const client = await pool.connect()
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      const gone = new Promise((resolve) => client.once('end', resolve))
      await monitor.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await gone
      client.release()
      await pool.query('SELECT 1')
    })
  })

  it('gives an abandoned place in the queue to the next, when a signal of Kysely calls the acquisition off', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), collectLog().guard)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), collectLog().guard) })
    await sql`SELECT 1`.execute(db)
    const holder = await pool.connect()
    const controller = new AbortController()
    const aborted = failureOf(() => sql`SELECT 1`.execute(db, { signal: controller.signal }))
    while (pool.waitingCount === 0) await turn()
    controller.abort('the user has gone')
    expect(await aborted).toBe('the user has gone')
    expect(pool.waitingCount).toBe(0)
    holder.release()
    await sql`SELECT 1`.execute(db)
    await db.destroy()
  })

  it('reports to its listeners, and in its statistics', async () => {
    const guard = createGuard(collectLog().guard)
    const told: (keyof GuardEvents)[] = []
    for (const name of ['acquire', 'release', 'timeout'] as const) guard.on(name, () => void told.push(name))
    await use(
      {},
      { acquireTimeoutMillis: 1000 },
      async (pool) => {
        const client = await pool.connect()
        await failureOf(() => pool.query('SELECT 1'))
        client.release()
        expect(told).toEqual(['acquire', 'timeout', 'release'])
        const statistics = poolStatistics(pool)
        expect(statistics).toMatchObject({ max: 1, size: 1, idle: 1, active: 0, waiting: 0, acquired: 1, timedOut: 1 })
        expect(statistics?.use.counts.reduce((sum, count) => sum + count)).toBe(1)
        expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics)
      },
      guard,
    )
  })

  it('asks a server that refuses again and again, one caller at a time, until it answers', async () => {
    const guard = createGuard(collectLog().guard)
    const failures: ConnectFailureEvent[] = []
    await monitor.query('CREATE ROLE few LOGIN PASSWORD $$few$$ CONNECTION LIMIT 1')
    const url = server.url.replace('postgres:postgres', 'few:few')
    const blocker = new pg.Client({ connectionString: url })
    await blocker.connect()
    guard.on('connectFailure', (failure) => {
      failures.push(failure)
      if (failures.length === 3) void blocker.end()
    })
    await use(
      { connectionString: url, max: 5 },
      {},
      async (pool) => {
        await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT 1')))
        expect(failures.length).toBeGreaterThanOrEqual(3)
        for (const failure of failures)
          expect(failure).toMatchObject({ isRetried: true, failure: { kind: 'tooManyClients' } })
      },
      guard,
    )
  })

  it('does not wait where waiting is no help', async () => {
    await use({ connectionString: server.url.replace(':postgres@', ':wrong@') }, {}, async (pool) => {
      expect(await failureOf(() => pool.query('SELECT 1'))).toMatchObject({ code: '28P01' })
    })
  })
})
