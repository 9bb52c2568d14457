import { createGuard, poolers } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Proxy } from '../../support/servers/proxy.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

// The moment between the error of a socket and the close of its connection. Without poolsafe, each of
// these leaves a call without an answer, ends the process, or leaves a connection that answers no query any more.

let server: SharedPostgres
let way: Proxy
let direct: postgres.Sql
let sql: postgres.Sql

beforeAll(async () => {
  server = await sharedPostgres()
  way = new Proxy(Number(new URL(server.url).port))
  await way.open()
  direct = postgres(server.url, { max: 1, onnotice() {} })
  await direct`CREATE TABLE copied (id int)`
})

afterAll(async () => {
  await way.close()
  await direct.end()
  await server.stop({ force: true })
})

const opened: postgres.Sql[] = []

beforeEach(() => {
  sql = open()
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.end({ timeout: 1 })))
  // The server does not notice that a connection is lost while a statement sleeps.
  while ((await terminateOthers()).length > 0);
})

function open(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  const url = new URL(server.url)
  url.hostname = '127.0.0.1'
  url.port = String(way.port)
  const guard = createGuard({ pooler: poolers.strictest(), logger: { warn() {} } })
  const bare: postgres.Sql = postgres(url.href, {
    max: 1,
    prepare: false,
    fetch_types: false,
    onnotice() {},
    backoff: () => 0,
    ...options,
  })
  opened.push(bare)
  return guardSql(bare, guard)
}

const others = (): postgres.PendingQuery<postgres.Row[]> =>
  direct`pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'`

const terminateOthers = (): postgres.PendingQuery<postgres.Row[]> =>
  direct`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others()}`

/** Resets the connections as soon as `count` statements sleep. */
async function resetRunning(count = 1): Promise<void> {
  const running = (): postgres.PendingQuery<postgres.Row[]> =>
    direct`SELECT pid FROM pg_stat_activity WHERE ${others()} AND query LIKE '%pg_sleep(%' AND state = 'active'`
  while ((await running()).length < count);
  way.resetAll()
}

const reset = { code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) as unknown }
const lost = { code: expect.stringMatching(/^(?:CONNECTION_CLOSED|ECONNRESET|EPIPE)$/) as unknown }

const sleepsAtThird = (): postgres.PendingQuery<postgres.Row[]> => sql`pg_sleep(CASE n WHEN 3 THEN 600 ELSE 0 END)`

/** Twice, because a connection with an answer that is still to come answers only one more query. */
async function expectUsable(pool: postgres.Sql = sql): Promise<void> {
  for (const turn of [1, 2]) expect(await pool`SELECT ${turn}::int AS turn`).toEqual([{ turn }])
  expect(await pool.begin((tx) => tx`SELECT 3 AS three`)).toEqual([{ three: 3 }])
}

/** The error of a call, after which `next` is called at once. */
async function errorOf(call: PromiseLike<unknown>, next: () => unknown = () => {}): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    next()
    return error
  }
}

describe('a query that follows the error of the socket at once', () => {
  it.each([
    ['without parameters', () => sql`SELECT pg_sleep(600)`, () => sql`SELECT 7 AS seven`],
    ['with parameters', () => sql`SELECT pg_sleep(${600})`, () => sql`SELECT ${7}::int AS seven`],
    ['of unsafe', () => sql.unsafe('SELECT pg_sleep(600)'), () => sql.unsafe('SELECT $1::int AS seven', [7])],
    [
      'after some rows',
      () => sql`SELECT repeat('x', 20000), ${sleepsAtThird()} FROM generate_series(1, 9) n`,
      () => sql`SELECT 7 AS seven`,
    ],
    ['a turn later', () => sql`SELECT pg_sleep(600)`, () => nextTurn().then(() => sql`SELECT 7 AS seven`)],
    ['of a transaction', () => sql`SELECT pg_sleep(600)`, () => sql.begin((tx) => tx`SELECT 7 AS seven`)],
  ])('%s: goes to a connection that is open', async (_name, first, next) => {
    await sql`SELECT ${1}::int`
    let answers: Promise<unknown>[] = []
    const failed = errorOf(first(), () => {
      answers = [next(), next()].map((query) => Promise.resolve(query))
    })
    await resetRunning()
    expect(await failed).toMatchObject(reset)
    expect(await Promise.all(answers)).toEqual([[{ seven: 7 }], [{ seven: 7 }]])
    await expectUsable()
  })

  it('after a cursor: the connection is used again', async () => {
    const cursor = async (): Promise<void> => {
      for await (const _ of sql`SELECT ${sleepsAtThird()} FROM generate_series(1, 9) n`.cursor()) continue
    }
    const failed = errorOf(cursor())
    await resetRunning()
    expect(await failed).toMatchObject(reset)
    await expectUsable()
  })

  it('while the application works on a chunk of a cursor: the next read fails, instead of the end of the rows', async () => {
    const losses = [async () => way.resetAll(), async () => terminateOthers()]
    for (const lose of losses) {
      let count = 0
      const cursor = async (): Promise<void> => {
        for await (const _ of sql`SELECT generate_series(1, 9)`.cursor()) {
          count++
          if (count % 3 !== 0) continue
          await lose()
          while ((await direct`SELECT pid FROM pg_stat_activity WHERE ${others()}`).length > 0);
        }
      }
      expect(await errorOf(cursor())).toMatchObject(lost)
      expect(count % 9).toBe(3)
      count = 0
      await errorOf(sql`SELECT 1`)
      await expectUsable()
    }
  })

  it('after COPY to a stream: the stream fails, and the connection is used again', async () => {
    const rows = sql`SELECT repeat('x', 20000), ${sleepsAtThird()} FROM generate_series(1, 9) n`
    const reading = await sql`COPY (${rows}) TO STDOUT`.readable()
    const ended = once(reading.resume(), 'end').catch((error: unknown) => error)
    await resetRunning()
    expect(await ended).toMatchObject(reset)
    await expectUsable()
  })

  it('after COPY from a stream: the stream fails, and the connection is used again', async () => {
    const writing = await sql`COPY copied FROM STDIN`.writable()
    const failing = once(writing, 'error')
    writing.write('1\n')
    way.resetAll()
    expect(await failing).toMatchObject([reset])
    await expectUsable()
  })

  it('in a transaction: fails, and the callback goes on to its end', async () => {
    const ends: string[] = []
    let inner: unknown
    const outcome = sql.begin(async (tx) => {
      try {
        await tx`SELECT pg_sleep(600)`
      } catch {
        inner = await errorOf(tx`SELECT 1`)
        throw new Error('the application has its own error')
      } finally {
        ends.push('the callback')
      }
    })
    const failed = errorOf(outcome)
    await resetRunning()
    expect(await failed).toMatchObject(lost)
    await expectUsable()
    expect([inner, ends]).toMatchObject([lost, ['the callback']])
  })

  it('in a savepoint: fails, and so does the transaction', async () => {
    const failed = errorOf(
      sql.begin((tx) =>
        tx.savepoint(async (inner) => {
          await errorOf(inner`SELECT pg_sleep(600)`)
          await inner`SELECT 1`
        }),
      ),
    )
    await resetRunning()
    expect(await failed).toMatchObject(lost)
    await expectUsable()
  })

  it('on a reserved connection: fails with the same error', async () => {
    const reserved = await sql.reserve()
    let next: Promise<unknown> = Promise.resolve()
    const failed = errorOf(reserved`SELECT pg_sleep(${600})`, () => {
      next = errorOf(reserved`SELECT ${1}::int`)
    })
    await resetRunning()
    const error = await failed
    expect(error).toMatchObject(reset)
    expect(await next).toBe(error)
    reserved.release()
    await expectUsable()
  })
})

describe('queries on a connection whose socket has failed while it was idle', () => {
  it('have an answer or an error, each its own, and the connection is used again', async () => {
    const other = open()
    await sql`SELECT 1`
    let answers: Promise<unknown>[] = []
    const ask = (turn: number): Promise<unknown> => errorOf(sql`SELECT ${turn}::int AS turn`)
    // The sockets of both fail in the same turn.
    const failed = errorOf(other`SELECT pg_sleep(600)`, () => {
      answers = [1, 2, 3].map(ask)
    })
    await resetRunning()
    await failed
    for (const [index, answer] of (await Promise.all(answers)).entries())
      if (answer instanceof Error) expect(answer).toMatchObject({ ...lost, cause: expect.anything() as unknown })
      else expect(answer).toEqual([{ turn: index + 1 }])
  })
})

describe('after a loss', () => {
  it('the next query does not get the last error of the lost connection', async () => {
    const failed = errorOf(sql`SELECT pg_sleep(600)`)
    const running = (): postgres.PendingQuery<postgres.Row[]> =>
      direct`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others()} AND state = 'active'`
    while ((await running()).length === 0);
    expect(await failed).toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expectUsable()
  })

  it.each(['SELECT pg_sleep(600)', 'SELECT pg_sleep(600), $1::int'])('end() resolves: %s', async (text) => {
    const failed = errorOf(sql.unsafe(text, text.includes('$1') ? [1] : []))
    await resetRunning()
    expect(await failed).toMatchObject(reset)
    await sql.end()
  })
})

describe('a reservation', () => {
  it('that is lost before its first query: its queries fail, and it can be released', async () => {
    for (const use of [(reserved: postgres.ReservedSql) => reserved`SELECT 1`, undefined]) {
      const pool = open()
      const reserved = await pool.reserve()
      way.resetAll()
      while ((await direct`SELECT pid FROM pg_stat_activity WHERE ${others()}`).length > 0);
      if (use !== undefined) await expect(errorOf(use(reserved))).resolves.toMatchObject(lost)
      reserved.release()
      await errorOf(pool`SELECT 1`)
      await expectUsable(pool)
    }
  })

  it('is the first call of a pool with fetch_types: false', async () => {
    const pool = open({ max: 2 })
    const one = async (): Promise<unknown> => {
      const reserved = await pool.reserve()
      const rows = await reserved`SELECT ${1}::int AS one`
      reserved.release()
      return rows
    }
    expect(await Promise.all([one(), one(), one()])).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]])
    await pool.end()
  })

  it('that waits for a connection which is lost gets the next one', async () => {
    const failed = errorOf(sql`SELECT pg_sleep(600)`)
    const reserving = sql.reserve()
    await resetRunning()
    await failed
    const reserved = await reserving
    expect(await reserved`SELECT 1 AS one`).toEqual([{ one: 1 }])
    reserved.release()
    await expectUsable()
  })

  it('that failed while the server was down keeps no connection later', async () => {
    await way.close()
    const refused = { code: 'ECONNREFUSED' }
    for (let turn = 0; turn < 2; turn++) await expect(errorOf(sql.reserve())).resolves.toMatchObject(refused)
    await expect(errorOf(sql`SELECT ${1}::int`)).resolves.toMatchObject(refused)
    await way.open()
    await expectUsable()
    const reserved = await sql.reserve()
    reserved.release()
    await expectUsable()
  })
})
