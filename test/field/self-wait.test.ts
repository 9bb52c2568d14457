import { createGuard, findPoolsafeError, SelfDeadlockError, type Guard, type Mode } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../support/prisma/guarded.ts'
import { insideTransaction, layers } from '../support/layers.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

/** Longer than a deadlock has to last before it is reported. */
const longerThanGrace = 200

function makeGuard(mode: Mode = 'strict'): Guard {
  return createGuard({ mode, logger: { warn: () => {} } })
}

/** A Kysely over a guarded pool, guarded itself or not. */
async function useKysely(isGuarded: boolean, work: (db: Kysely<unknown>) => Promise<void>): Promise<void> {
  const guard = makeGuard()
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  const dialect = new PostgresDialect({ pool })
  const db = new Kysely<unknown>({ dialect: isGuarded ? guardDialect(dialect, guard) : dialect })
  try {
    await work(db)
  } finally {
    await db.destroy()
  }
}

const read = async (db: Kysely<unknown>): Promise<unknown> => (await sql`SELECT 1 AS one`.execute(db)).rows

describe('a call that is not awaited', () => {
  it.each(layers)('does not make its caller wait for itself: a transaction through %s', async (_name, open) => {
    const layer = open({ url: server.url, max: 1, guard: makeGuard() })
    try {
      await layer.query()
      let isInside: (value?: unknown) => void = () => {}
      const inside = new Promise((resolve) => (isInside = resolve))
      const running = insideTransaction(layer, async () => {
        isInside()
        await sleep(longerThanGrace)
      })
      await inside
      await layer.query()
      await running
    } finally {
      await layer.close()
    }
  })

  it.each(layers)('that a transaction starts may wait for its end: %s', async (_name, open) => {
    const layer = open({ url: server.url, max: 1, guard: makeGuard() })
    try {
      await layer.query()
      const jobs: Promise<unknown>[] = []
      await insideTransaction(layer, async () => {
        jobs.push(layer.query())
        await sleep(longerThanGrace)
      })
      await Promise.all(jobs)
    } finally {
      await layer.close()
    }
  })

  it.each([false, true])(
    'does not make its caller wait for itself: db.connection(), guarded: %s',
    async (isGuarded) => {
      await useKysely(isGuarded, async (db) => {
        await read(db)
        const running = db.connection().execute(async () => await sleep(longerThanGrace))
        await sleep(20)
        expect(await read(db)).toEqual([{ one: 1 }])
        await running
      })
    },
  )

  it('does not make its caller wait for itself: a client of pool.connect()', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), makeGuard())
    const report = async (): Promise<void> => {
      const client = await pool.connect()
      await sleep(longerThanGrace)
      client.release()
    }
    const running = report()
    await sleep(20)
    await pool.query('SELECT 1')
    await running
    await pool.end()
  })
})

describe('a call that waits for itself is recognised', () => {
  it.each([false, true])('in db.connection().execute(), guarded: %s', async (isGuarded) => {
    await useKysely(isGuarded, async (db) => {
      // Kysely initialises its driver at its first call, in a separate context.
      if (!isGuarded) await read(db)
      for (let round = 0; round < 2; round++) {
        expect(await failureOf(() => db.connection().execute(() => read(db)))).toBeInstanceOf(SelfDeadlockError)
      }
      expect(await read(db)).toEqual([{ one: 1 }])
    })
  })

  it.each([false, true])('in a controlled transaction, guarded: %s', async (isGuarded) => {
    await useKysely(isGuarded, async (db) => {
      if (!isGuarded) await read(db)
      for (let round = 0; round < 2; round++) {
        const trx = await db.startTransaction().execute()
        expect(await failureOf(() => read(db))).toBeInstanceOf(SelfDeadlockError)
        expect(await read(trx as unknown as Kysely<unknown>)).toEqual([{ one: 1 }])
        await trx.rollback().execute()
      }
      expect(await read(db)).toEqual([{ one: 1 }])
    })
  })

  it('in the first call of db.transaction().execute()', async () => {
    await useKysely(true, async (db) => {
      expect(await failureOf(() => db.transaction().execute(() => read(db)))).toBeInstanceOf(SelfDeadlockError)
    })
  })

  it('between clients of pool.connect(), in a function and in a loop', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 2 }), makeGuard())
    const clients: pg.PoolClient[] = []
    const error = await failureOf(async () => {
      for (;;) clients.push(await pool.connect())
    })
    expect(error).toBeInstanceOf(SelfDeadlockError)
    expect(clients).toHaveLength(2)
    const take = async (): Promise<pg.PoolClient> => await pool.connect()
    clients.pop()?.release()
    const client = await take()
    expect(await failureOf(() => pool.query('SELECT 1'))).toBeInstanceOf(SelfDeadlockError)
    client.release()
    for (const held of clients) held.release()
    await pool.end()
  })
})

describe.each(layers)('the first burst in default mode, through %s', (_name, open) => {
  it.each([1, 3, 10])('says that calls wait for themselves, in a pool of %d', async (max) => {
    const guard = makeGuard('warn')
    const layer = open({ url: server.url, max, guard, options: { acquireTimeoutMillis: 1000 } })
    try {
      const started: true[] = []
      const nested = async (): Promise<unknown> => {
        started.push(true)
        while (started.length < max) await sleep(1)
        return layer.query()
      }
      /** On a busy machine a connection may come too late. It stays in the pool for the next attempt. */
      const flow = async (): Promise<unknown> => {
        for (;;) {
          let isInside = false
          try {
            return await insideTransaction(layer, () => {
              isInside = true
              return nested()
            })
          } catch (error) {
            if (isInside) throw error
          }
        }
      }
      const results = await Promise.allSettled(Array.from({ length: max }, flow))
      const errors = results
        .filter(({ status }) => status === 'rejected')
        .map((result) => findPoolsafeError((result as PromiseRejectedResult).reason))
      expect(errors.length).toBeGreaterThan(0)
      for (const error of errors) expect(error).toMatchObject({ likelyCause: 'nestedAcquire' })
    } finally {
      await layer.close()
    }
  })
})

describe('flows that take one connection after the other, in default mode', () => {
  async function usePool(
    max: number,
    work: (pool: pg.Pool, deadlocks: () => number) => Promise<void>,
    acquireTimeoutMillis = 10_000,
  ): Promise<void> {
    const guard = makeGuard('warn')
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max }), guard, { acquireTimeoutMillis })
    try {
      await work(pool, () => poolStatistics(pool)?.deadlocks ?? 0)
    } finally {
      await pool.end()
    }
  }

  async function takeTwice(pool: pg.Pool): Promise<void> {
    for (let times = 0; times < 2; times++) {
      const client = await pool.connect()
      await client.query('SELECT 1')
      client.release()
    }
  }

  it.each([1, 2, 3])('are found to wait for themselves, in a pool of %d', async (max) => {
    const work = async (pool: pg.Pool, deadlocks: () => number): Promise<void> => {
      const holding: true[] = []
      const flow = async (): Promise<unknown> => {
        await takeTwice(pool)
        const client = await pool.connect()
        holding.push(true)
        try {
          while (holding.length < max) await sleep(1)
          return await pool.query('SELECT 1')
        } finally {
          client.release()
        }
      }
      const flows = Array.from({ length: max }, () => flow())
      const error = await failureOf(() => Promise.all(flows))
      await Promise.allSettled(flows)
      expect(error).toMatchObject({ likelyCause: 'nestedAcquire' })
      expect(deadlocks()).toBeGreaterThan(0)
    }
    await usePool(max, work, 1000)
  })

  it('are not taken for one another where they share a context', async () => {
    await usePool(2, async (pool, deadlocks) => {
      await takeTwice(pool)
      const hold = async (): Promise<void> => {
        for (let times = 0; times < 2; times++) {
          await sleep(1)
          const client = await pool.connect()
          await sleep(longerThanGrace)
          client.release()
        }
      }
      await Promise.all(Array.from({ length: 5 }, hold))
      expect(deadlocks()).toBe(0)
    })
  })
})
