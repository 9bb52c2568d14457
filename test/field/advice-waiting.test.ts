import { AcquireTimeoutError, createGuard, type Guard, type NoConnectionError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { insideTransaction, layers, untilAnswered } from '../support/layers.ts'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { failureOf } from '../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

function quiet(): Guard {
  return createGuard({ logger: { warn: () => {} } })
}

/** Computes for so long, as a request does that parses a large document. */
function compute(millis: number): void {
  const end = performance.now() + millis
  while (performance.now() < end);
}

describe.each(layers)('%s, in a process that was busy for longer than the limit', (_name, open) => {
  it('serves first what has arrived meanwhile', async () => {
    const layer = open({ url: server.url, max: 2, guard: quiet(), options: { acquireTimeoutMillis: 1500 } })
    await untilAnswered(layer)
    // The calls have 250 ms after the block. On a busy machine the server may be slower than that.
    await vi.waitFor(
      async () => {
        const calls = Array.from({ length: 6 }, () => layer.query())
        const answers = Promise.allSettled(calls)
        // The calls wait for their connections; the answers arrive while the event loop is blocked.
        await new Promise((resolve) => setTimeout(resolve, 0))
        compute(2500)
        await answers
        await Promise.all(calls)
      },
      { timeout: 60_000 },
    )
    await layer.close()
  })

  it('says so of what it cannot serve', async () => {
    const layer = open({ url: server.url, max: 1, guard: quiet(), options: { acquireTimeoutMillis: 600 } })
    let finish = (): void => {}
    const finished = new Promise<void>((resolve) => (finish = resolve))
    let holder: Promise<unknown> = Promise.resolve()
    const held = new Promise<void>((started) => {
      holder = insideTransaction(layer, () => {
        started()
        return finished
      })
    })
    await held
    const call = failureOf(() => layer.query())
    await new Promise((resolve) => setTimeout(resolve, 150))
    compute(900)
    const error = (await call) as NoConnectionError
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error.busyMillis).toBeGreaterThanOrEqual(700)
    expect(error.message).toMatch(/this process was busy or suspended for \d+ ms of that time/)
    expect(error.likelyCause).not.toBe('poolTooSmall')
    finish()
    await holder
    await layer.close()
  })
})

describe('a reader that does not read', () => {
  it('is reported as the holder of the connection, since when, with its call site', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), quiet(), {
      acquireTimeoutMillis: 500,
      callSites: true,
    })
    const client = await pool.connect()
    const cursor = client.query(new Cursor('SELECT generate_series(1, 100000)'))
    await cursor.read(10)
    const error = (await failureOf(() => pool.query('SELECT 1'))) as NoConnectionError
    expect(error).toMatchObject({ likelyCause: 'unreadStream', holders: [{ activity: 'unread' }] })
    expect(error.holders[0]?.callSite).toContain('advice-waiting.test.ts')
    expect(error.holders[0]?.unreadMillis).toBeGreaterThanOrEqual(400)
    expect(error.message).toMatch(/held .* by a reader that has not read for \d+ ms/)
    await cursor.close()
    client.release()
    await pool.end()
  })

  it('is reported through Kysely too, and with `observe: false`', async () => {
    for (const observe of [true, false]) {
      const guard = createGuard({ logger: { warn: () => {} }, ...(!observe && { observe: false }) })
      const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, {
        acquireTimeoutMillis: 500,
      })
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) })
      const stream = sql`SELECT generate_series(1, 100000) AS n`.$castTo<{ n: number }>().compile(db)
      const iterator = db.getExecutor().stream(stream, 10)[Symbol.asyncIterator]()
      await iterator.next()
      const error = await failureOf(() => sql`SELECT 1`.execute(db))
      expect(error).toMatchObject({ likelyCause: 'unreadStream', holders: [{ activity: 'unread' }] })
      await iterator.return?.()
      await db.destroy()
    }
  })
})

describe('Prisma’s interactive transaction', () => {
  it.each([
    ['its own maxWait', { maxWait: 500 }, undefined],
    ['the maxWait of the client', undefined, { maxWait: 500 }],
  ])('that waits by %s gets the full error in time, and takes no connection later', async (_name, own, ofClient) => {
    for (const isOwnPool of [true, false]) {
      const guard = quiet()
      const pool = isOwnPool ? undefined : guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
      const inner = pool === undefined ? new PrismaPg({ connectionString: server.url, max: 1 }) : new PrismaPg(pool)
      const client = new PrismaClient({
        adapter: guardAdapter(inner, guard),
        ...(ofClient && { transactionOptions: ofClient }),
      })
      const prisma = client.$extends(poolsafe(guard)) as unknown as PrismaClient
      let finish = (): void => {}
      const finished = new Promise<void>((resolve) => (finish = resolve))
      let holder: Promise<unknown> = Promise.resolve()
      await new Promise<void>((started) => {
        holder = prisma.$transaction(
          async (tx) => {
            await tx.$queryRaw`SELECT 1`
            started()
            await finished
          },
          { maxWait: 5000, timeout: 60_000 },
        )
      })
      let hasRun = false
      const begin = (): Promise<unknown> =>
        failureOf(() =>
          prisma.$transaction(
            async () => {
              hasRun = true
            },
            ...(own === undefined ? [] : [own]),
          ),
        )
      let timedOut = 1
      let error = await begin()
      // On a busy machine this process may stand still for half of the wait. The error says so, and is right.
      for (; (error as AcquireTimeoutError).likelyCause === 'processBusy'; timedOut++) error = await begin()
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      expect(error).toMatchObject({ limitMillis: 475, likelyCause: 'longTransaction', waiting: 1 })
      // The pool's own limit is that of everything else, still.
      const query = prisma.$queryRaw`SELECT 1`.then((rows) => rows)
      finish()
      await holder
      await query
      expect(hasRun).toBe(false)
      const [report] = (await guard.health()).pools
      expect(report).toMatchObject({ waiting: 0, active: 0, lateArrivals: 0, timedOut })
      await prisma.$disconnect()
      await pool?.end()
    }
  })
})
