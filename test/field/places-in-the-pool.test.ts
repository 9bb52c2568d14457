import { createGuard, NoConnectionError, PoolerWaitError, type Mode } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { execFile } from 'node:child_process'
import { AsyncResource } from 'node:async_hooks'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

const run = promisify(execFile)

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const modes = ['warn', 'strict'] as const

function open(mode: Mode, options: PoolOptions = {}, config: pg.PoolConfig = {}): pg.Pool {
  const guard = createGuard({ mode, logger: { warn: () => {} } })
  return guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard, options)
}

/** Runs work in a separate asynchronous context, as a server runs each request. */
function inRequest<Result>(work: () => Result): Result {
  return new AsyncResource('request').runInAsyncScope(work)
}

async function failureOf(work: Promise<unknown>): Promise<NoConnectionError> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (!(error instanceof NoConnectionError)) throw new Error('no NoConnectionError', { cause: error })
  return error
}

describe.each(modes)('in %s mode', (mode) => {
  it('requests that commit and never release are a leak, with the call site that acquired', async () => {
    const pool = open(mode, { acquireTimeoutMillis: 1000, callSites: true }, { max: 2 })
    const clients: pg.PoolClient[] = []
    const request = async (): Promise<void> => {
      const client = await pool.connect()
      clients.push(client)
      await client.query('START TRANSACTION')
      await client.query('COMMIT')
    }
    await inRequest(request)
    await inRequest(request)
    const error = await failureOf(inRequest(request))
    expect(error).toMatchObject({ likelyCause: 'leak' })
    expect(error.message).toMatch(/held {7}.* by request \(test\/field\/places-in-the-pool\.test\.ts:\d+:\d+\)/)
    for (const client of clients) client.release()
    await pool.end()
  })

  it('client.end() in the place of release() gives the place back', async () => {
    const pool = open(mode)
    const client = await inRequest(() => pool.connect())
    await (client as unknown as pg.Client).end()
    await expect(inRequest(() => pool.query('SELECT 1'))).resolves.toMatchObject({ rowCount: 1 })
    expect(pool.totalCount).toBe(1)
    client.release()
    await pool.end()
  })

  it('a COPY that is not read to its end is closed at the release, and its caller may go on', async () => {
    const pool = open(mode)
    const client = await pool.connect()
    const rows = client.query(copyTo('COPY (SELECT generate_series(1, 1000000)) TO STDOUT'))
    for await (const chunk of rows) if (chunk !== undefined) break
    client.release()
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    await pool.end()
  })

  it('a COPY whose source breaks is rolled back, and the connection is used again', async () => {
    const pool = open(mode)
    const client = await pool.connect()
    await client.query('CREATE TABLE IF NOT EXISTS copied (id int)')
    await client.query('BEGIN')
    const source = Readable.from(
      (function* breaking() {
        yield '1\n'
        throw new Error('the source broke')
      })(),
    )
    await expect(pipeline(source, client.query(copyFrom('COPY copied FROM STDIN')))).rejects.toThrow('the source broke')
    await client.query('ROLLBACK')
    client.release()
    await expect(pool.query('SELECT * FROM copied')).resolves.toMatchObject({ rowCount: 0 })
    expect(pool.totalCount).toBe(1)
    await pool.end()
  })

  it('a stream of Kysely that a break or an error leaves gives its connection back', async () => {
    const guard = createGuard({ mode, logger: { warn: () => {} } })
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
    const numbers = (): AsyncIterableIterator<unknown> =>
      db
        .selectFrom(sql`generate_series(1, 100000)`.as('numbers'))
        .selectAll()
        .stream(10)
    for await (const row of numbers()) if (row !== undefined) break
    const failing = async (): Promise<void> => {
      for await (const row of numbers()) throw new Error('mine', { cause: row })
    }
    await expect(failing()).rejects.toThrow('mine')
    expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    expect(pool.totalCount).toBe(1)
    await db.destroy()
  })

  it('calls that wait when the pool is ended fail at once', async () => {
    const pool = open(mode)
    const client = await pool.connect()
    const waiting = inRequest(() => pool.query('SELECT 1'))
    const ended = pool.end()
    await expect(waiting).rejects.toThrow('Cannot use a pool after calling end on the pool')
    client.release()
    await ended
  })
})

it('client.end() in the place of release() does not end a script whose next call waits', async () => {
  const script = `
    import { guardPool } from '@poolsafe/pg'
    import pg from 'pg'
    const pool = guardPool(new pg.Pool({ connectionString: ${JSON.stringify(server.url)}, max: 1 }))
    const client = await pool.connect()
    const waiting = pool.query('SELECT 1 AS one')
    await client.end()
    console.log((await waiting).rows[0].one)
    await pool.end()
  `
  const args = ['--conditions=@poolsafe/source', '--input-type=module', '-e', script]
  const { stdout } = await run(process.execPath, args, { cwd: join(import.meta.dirname, '..') })
  expect(stdout).toBe('1\n')
})

describe('the password function of a pool', () => {
  const config = (password: () => Promise<string>): pg.PoolConfig => {
    const { hostname, port, username, pathname } = new URL(server.url)
    const database = pathname.slice(1)
    return { connectionString: undefined, host: hostname, port: Number(port), user: username, database, password }
  }

  it('that does not end is named as what the calls wait for', async () => {
    const pool = open('warn', { acquireTimeoutMillis: 1000 }, { ...config(() => new Promise(() => {})), max: 2 })
    const calls = Array.from({ length: 6 }, () => failureOf(inRequest(() => pool.query('SELECT 1'))))
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ likelyCause: 'slowConnect', active: 0 })
      expect(error.message).toContain('the password function of the pool has not given a password')
    }
  })

  it('that fails for a while fails the calls with its own error, and is asked again', async () => {
    let asked = 0
    const password = (): Promise<string> =>
      asked++ === 0 ? Promise.reject(new Error('no token')) : Promise.resolve(server.password)
    const pool = open('strict', {}, config(password))
    await expect(pool.query('SELECT 1')).rejects.toThrow('no token')
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    await pool.end()
  })
})

it('a BEGIN whose answer never comes fails in time, and the connection is replaced', async () => {
  const way = new Proxy(server.port)
  await way.open()
  const connectionString = Object.assign(new URL(server.url), { port: String(way.port) }).href
  const pool = open('strict', { poolerWaitTimeoutMillis: 500 }, { connectionString })
  await pool.query('SELECT 1')
  const client = await pool.connect()
  way.silence()
  await expect(client.query('BEGIN')).rejects.toBeInstanceOf(PoolerWaitError)
  client.release()
  way.speak()
  const { rows } = await pool.query('SELECT now() = statement_timestamp() AS is_alone')
  expect(rows).toEqual([{ is_alone: true }])
  await pool.end()
  await way.close()
})

it.each(['is ended', 'loses it'] as const)(
  'a connection that was idle when its pool was guarded is not released once more when the pool %s',
  async (end) => {
    const bare = new pg.Pool({ connectionString: server.url, max: 1 })
    const { rows } = await bare.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pool = guardPool(bare, createGuard({ mode: 'warn', logger: { warn: () => {} } }))
    const thrown: unknown[] = []
    const hear = (error: unknown): void => void thrown.push(error)
    process.on('uncaughtExceptionMonitor', hear)
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException').on('uncaughtException', () => {})
    try {
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      pool.once('remove', () => resolve())
      if (end === 'is ended') await pool.end()
      else {
        const other = new pg.Client(server.url)
        await other.connect()
        await other.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
        await other.end()
      }
      await ended
      // Later than the timer that takes back the place of a connection that was lost.
      await setTimeout(300)
      expect(thrown).toEqual([])
    } finally {
      process.off('uncaughtExceptionMonitor', hear).removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
      if (end !== 'is ended') await pool.end()
    }
  },
)
