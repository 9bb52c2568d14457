import { AcquireTimeoutError, createGuard, poolers, QueueFullError, SelfDeadlockError } from '@poolsafe/core'
import { guardSql, type SqlOptions } from '@poolsafe/postgres-js'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let monitor: postgres.Sql

beforeAll(async () => {
  server = await sharedPostgres()
  monitor = postgres(server.url, { max: 1, onnotice() {} })
  await monitor`CREATE TABLE written (id int)`
})

afterAll(async () => {
  await monitor.end()
  await server.stop({ force: true })
})

const opened: postgres.Sql[] = []

beforeEach(() => monitor`TRUNCATE written`)

afterEach(async () => {
  await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 1 })))
})

const warnings: string[] = []
const logger = { warn: (message: string) => void warnings.push(message) }
const pooler = poolers.pgbouncer({ version: '1.24' })

interface Setup extends SqlOptions {
  readonly guard?: Parameters<typeof createGuard>[0]
  readonly driver?: postgres.Options<Record<string, never>>
  readonly url?: string
}

function open({ guard: given, driver, url = server.url, ...limits }: Setup = {}): {
  sql: postgres.Sql
  guard: ReturnType<typeof createGuard>
} {
  const guard = createGuard({ pooler, logger, ...given })
  const bare: postgres.Sql = postgres(url, { max: 1, onnotice() {}, ...driver })
  const sql = guardSql(bare, guard, { acquireTimeoutMillis: 100, ...limits })
  opened.push(sql)
  return { sql, guard }
}

async function errorOf(call: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return { resolved: await call() }
  } catch (error) {
    return error
  }
}

/** Opens the connection, which may take longer than a call may wait. */
async function connected(sql: postgres.Sql): Promise<void> {
  while ((await errorOf(() => sql`SELECT 1`)) instanceof AcquireTimeoutError);
}

/** Runs work while a transaction holds the only connection. */
async function whileHeld<Result>(sql: postgres.Sql, work: () => Promise<Result>): Promise<Result> {
  await connected(sql)
  const held = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const holder = sql.begin(async (tx) => {
    await tx`SELECT 1`
    held.resolve()
    await released.promise
  })
  await held.promise
  try {
    return await work()
  } finally {
    released.resolve()
    await holder
  }
}

describe('a call that waits too long for a connection', () => {
  const calls: Readonly<Record<string, (sql: postgres.Sql) => PromiseLike<unknown>>> = {
    template: (sql) => sql`INSERT INTO written VALUES (${1})`,
    unsafe: (sql) => sql.unsafe('INSERT INTO written VALUES (1)'),
    begin: (sql) => sql.begin((tx) => tx`INSERT INTO written VALUES (1)`),
    reserve: (sql) => sql.reserve(),
    'cursor with a callback': (sql) => sql`INSERT INTO written VALUES (1) RETURNING id`.cursor(() => {}),
    'cursor in a loop': async (sql) => {
      for await (const rows of sql`INSERT INTO written VALUES (1) RETURNING id`.cursor()) expect(rows).toBeUndefined()
    },
  }

  it.each(Object.entries(calls))('%s: fails with the holders, and is never sent', async (_name, call) => {
    const { sql } = open()
    const error = (await whileHeld(sql, () => errorOf(() => call(sql)))) as AcquireTimeoutError
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error.message).toMatch(/^waited \d+ ms for a connection \(size 1\/1, idle 0, waiting 1\)/)
    expect(error.message).toMatch(/held {7}.* by whileHeld \(test\/integration\/postgres-js\/waiting\.test\.ts:\d+/)
    expect(error.likelyCause).toBe('longTransaction')
    expect(error.stack).toContain('waiting.test.ts')
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    expect(await monitor`SELECT * FROM written`).toEqual([])
    expect(await sql.begin((tx) => tx`SELECT 2 AS two`)).toEqual([{ two: 2 }])
  })

  it('names the line of a statement that holds up others', async () => {
    const { sql } = open()
    await connected(sql)
    const long = sql`SELECT pg_sleep(${600})`.execute()
    while ((await monitor`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`).length === 0)
      await sleep(5)
    const error = (await errorOf(() => sql`SELECT ${1}::int`)) as AcquireTimeoutError
    expect(error.likelyCause).toBe('longStatement')
    expect(error.message).toMatch(/held .* by .*waiting\.test\.ts:\d+:\d+, a statement runs/)
    long.cancel()
    await errorOf(() => long)
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })

  it('waits no longer when the connection comes in time, in the order of postgres.js', async () => {
    const { sql, guard } = open({ acquireTimeoutMillis: 60_000 })
    const order: number[] = []
    const queued = await whileHeld(sql, async () => {
      const all = [
        sql`SELECT 1`.then(() => order.push(1)),
        sql.begin((tx) => tx`SELECT 2`).then(() => order.push(2)),
        sql`SELECT 3`.then(() => order.push(3)),
      ]
      await sleep(20)
      expect(guard.stats().pools[0]).toMatchObject({ waiting: 3, active: 1, size: 1, max: 1 })
      return all
    })
    await Promise.all(queued)
    expect(new Set(order)).toEqual(new Set([1, 2, 3]))
    const [pool] = guard.stats().pools
    expect(pool).toMatchObject({ waiting: 0, active: 0, timedOut: 0, acquireTimeoutMillis: 60_000 })
    expect(pool?.acquired).toBeGreaterThanOrEqual(4)
  })

  it('is refused at once when too many wait', async () => {
    const { sql } = open({ maxWaiting: 1, acquireTimeoutMillis: 60_000 })
    const waiting = await whileHeld(sql, async () => {
      const first = sql`SELECT 1 AS one`.execute()
      await sleep(1)
      expect(await errorOf(() => sql`SELECT 2`)).toBeInstanceOf(QueueFullError)
      expect(await errorOf(() => sql.begin((tx) => tx`SELECT 2`))).toBeInstanceOf(QueueFullError)
      expect(await errorOf(() => sql.reserve())).toBeInstanceOf(QueueFullError)
      return { first }
    })
    expect(await waiting.first).toEqual([{ one: 1 }])
    expect(await sql`SELECT 3 AS three`).toEqual([{ three: 3 }])
  })

  it('is not sent at all if it is cancelled at once, and the connection is not lost', async () => {
    const { sql, guard } = open()
    await connected(sql)
    const query = sql`INSERT INTO written VALUES (1)`.execute()
    query.cancel()
    expect(await errorOf(() => query)).toMatchObject({ code: '57014' })
    expect(await sql`SELECT * FROM written`).toEqual([])
    expect(guard.stats().pools[0]).toMatchObject({ waiting: 0, active: 0 })
  })

  it('can be cancelled while it waits', async () => {
    const { sql, guard } = open({ acquireTimeoutMillis: 60_000 })
    const error = await whileHeld(sql, async () => {
      const query = sql`INSERT INTO written VALUES (1)`.execute()
      await sleep(5)
      query.cancel()
      return errorOf(() => query)
    })
    expect(error).toMatchObject({ code: '57014' })
    expect(guard.stats().pools[0]).toMatchObject({ waiting: 0 })
    expect(await sql`SELECT * FROM written`).toEqual([])
  })
})

describe('while a connection is being opened', () => {
  let proxy: Server
  let url: string
  let letThrough = (): void => {}
  const sockets = new Set<Socket>()

  beforeEach(async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    letThrough = resolve
    const { hostname, port } = new URL(server.url)
    proxy = createServer((client) => {
      sockets.add(client)
      void promise.then(() => {
        const upstream = connect(Number(port), hostname)
        sockets.add(upstream)
        for (const socket of [client, upstream]) socket.on('error', () => {})
        client.pipe(upstream).pipe(client)
      })
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const through = new URL(server.url)
    through.port = String((proxy.address() as { port: number }).port)
    through.hostname = '127.0.0.1'
    url = through.href
  })

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 0 })))
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })

  it.each([
    ['a query', (sql: postgres.Sql) => sql`INSERT INTO written VALUES (1)`],
    ['a transaction', (sql: postgres.Sql) => sql.begin((tx) => tx`INSERT INTO written VALUES (1)`)],
    ['a reservation', (sql: postgres.Sql) => sql.reserve()],
  ] as const)('%s that waited too long is never sent, and the connection is not lost', async (_name, call) => {
    const { sql } = open({ url })
    const error = (await errorOf(() => call(sql) as PromiseLike<unknown>)) as AcquireTimeoutError
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error.likelyCause).toBe('slowConnect')
    letThrough()
    await connected(sql)
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    expect(await monitor`SELECT * FROM written`).toEqual([])
  })

  it('a query that the application cancels fails, and the connection is not lost', async () => {
    const { sql } = open({ url, acquireTimeoutMillis: 60_000 })
    const query = sql`INSERT INTO written VALUES (1)`.execute()
    await sleep(1)
    query.cancel()
    expect(await errorOf(() => query)).toMatchObject({ code: '57014' })
    letThrough()
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    expect(await monitor`SELECT * FROM written`).toEqual([])
  })
})

describe('a call inside the callback of a transaction that uses the outer sql', () => {
  it('is refused in strict mode before it waits', async () => {
    const { sql, guard } = open({ guard: { mode: 'strict' } })
    await connected(sql)
    for (const call of [
      () => sql`SELECT 1`,
      () => sql.unsafe('SELECT 1'),
      () => sql.begin((tx) => tx`SELECT 1`),
      () => sql.reserve(),
    ]) {
      const error = await errorOf(() => sql.begin(() => call() as Promise<unknown>))
      expect(error).toMatchObject({ name: 'UnsafeStatementError', rule: 'transaction/outside-handle' })
      expect((error as Error).message).toContain('waiting.test.ts')
    }
    expect(guard.stats().pools[0]).toMatchObject({ active: 0, waiting: 0 })
  })

  it('is reported in warn mode, and named as the cause of its own wait', async () => {
    warnings.length = 0
    const { sql, guard } = open({ acquireTimeoutMillis: 400 })
    await connected(sql)
    const deadlocks: unknown[] = []
    guard.on('deadlock', (event) => void deadlocks.push(event.error))
    const error = (await errorOf(() => sql.begin(() => sql`INSERT INTO written VALUES (1)`))) as AcquireTimeoutError
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error.likelyCause).toBe('nestedAcquire')
    expect(deadlocks[0]).toBeInstanceOf(SelfDeadlockError)
    expect(warnings.join('\n')).toContain('transaction/outside-handle')
    expect(await monitor`SELECT * FROM written`).toEqual([])
  })

  it('is not reported for helpers and fragments, other work, and after the transaction', async () => {
    const { sql } = open({ guard: { mode: 'strict' }, driver: { max: 3 }, acquireTimeoutMillis: 60_000 })
    let beside: Promise<unknown> | undefined
    await sql.begin(async (tx) => {
      const where = sql`WHERE id = ${1}`
      await tx`SELECT ${sql('id')} FROM written ${where} ${sql.unsafe('ORDER BY id')}`
      beside = Promise.resolve().then(async () => {
        await sleep(1)
        return sql`SELECT 'beside'`
      })
      await Promise.all([tx`SELECT 1`, sleep(20)])
    })
    await beside
    await Promise.all([sql.begin((tx) => tx`SELECT 1`), sql`SELECT 2`, sql.begin((tx) => tx`SELECT 3`)])
    await sql`SELECT 4`
  })
})

describe('a connection that is held too long', () => {
  it('is reported with its line', async () => {
    warnings.length = 0
    const { sql, guard } = open({ leakDetectionMillis: 30 })
    await connected(sql)
    const leak = new Promise<{ callSite?: string | undefined }>((resolve) => guard.on('leak', resolve))
    const reserved = await sql.reserve()
    expect(JSON.stringify(await leak)).toContain('waiting.test.ts')
    reserved.release()
  })
})
