import { createGuard, type NoConnectionError } from '@poolsafe/core'
import { guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import { createServer, connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

/** Options of pg-pool that its types do not have. */
type PoolConfig = Omit<pg.PoolConfig, 'max' | 'min' | 'connectionTimeoutMillis'> & {
  readonly [option: string]: unknown
}

function open(config: PoolConfig, options?: PoolOptions): pg.Pool {
  const { hostname, port, username, password, pathname } = new URL(server.url)
  const address = { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) }
  return guardPool(new pg.Pool({ ...address, ...config }), quiet(), options)
}

const quiet = (): ReturnType<typeof createGuard> => createGuard({ logger: { warn: () => {} } })

/** Returns the error of a socket to a port where nothing listens, as a token service or a cache gives it. */
async function refusedElsewhere(): Promise<Error> {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const [error] = (await once(connect(port, '127.0.0.1'), 'error').catch((reason: unknown) => [reason])) as [Error]
  return error
}

function toItself<Value>(value: Value): Value {
  return value
}

describe('a function of the application that fails with an error of a network', () => {
  it.each(['password', 'onConnect', 'verify'])('is not the server: %s', async (name) => {
    const error = await refusedElsewhere()
    let calls = 0
    const fails = (..._args: unknown[]): Promise<string> =>
      ++calls === 1 ? Promise.resolve(new URL(server.url).password) : Promise.reject(error)
    const verify = async (_client: unknown, done: (reason?: unknown) => void): Promise<void> => {
      const reason = await fails().then(() => undefined, toItself)
      done(reason)
    }
    const pool = open({ max: 2, [name]: name === 'verify' ? verify : fails }, { acquireTimeoutMillis: 60_000 })
    const held = await pool.connect()
    // Without a try again: the call ends with the error of the function, as it does without poolsafe.
    await expect(pool.query('SELECT 1')).rejects.toBe(error)
    expect(calls).toBe(2)
    held.release()
    await pool.end()
  })

  it('is the server if the connection that it works on is lost', async () => {
    let calls = 0
    const onConnect = async (client: unknown): Promise<void> => {
      if (++calls === 1) await (client as pg.PoolClient).query('SELECT pg_terminate_backend(pg_backend_pid())')
    }
    const pool = open({ max: 1, onConnect }, { acquireTimeoutMillis: 60_000 })
    await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
    expect(calls).toBe(2)
    await pool.end()
  })

  it('is named while it runs: verify', async () => {
    const ends: (() => void)[] = []
    const pool = open({ max: 2, verify: (_client: unknown, done: () => void) => void ends.push(done) }, limits)
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => pool.query('SELECT 1')))
    for (const result of results) {
      const error = (result as PromiseRejectedResult).reason as NoConnectionError
      expect(error).toMatchObject({ likelyCause: 'slowConnect' })
      expect(error.message).toContain('a hook of the pool (onConnect or verify) has not finished')
    }
    for (const end of ends) end()
    await pool.end()
  })
})

const limits = { acquireTimeoutMillis: 500 }

describe('the numbers of a pool', () => {
  it('may be texts, as variables of the environment are', async () => {
    const pool = open({ max: '12', min: '2', connectionTimeoutMillis: '600' })
    const held = await Promise.all(Array.from({ length: 12 }, () => pool.connect()))
    await expect(pool.query('SELECT 1')).rejects.toThrow('timeout exceeded when trying to connect')
    expect(poolStatistics(pool)).toMatchObject({ max: 12, size: 12, active: 12, waiting: 0 })
    for (const client of held) client.release()
    await pool.end()
  })

  it('are no limit if they are longer than a timer can wait, and missing if they are none', async () => {
    for (const [connectionTimeoutMillis, expected] of [
      [2 ** 31, 0],
      [Infinity, 0],
      [Number.NaN, 10_000],
      ['none', 10_000],
    ]) {
      const pool = open({ max: 1, connectionTimeoutMillis })
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
      expect(pool.options.connectionTimeoutMillis).toBe(expected)
      await pool.end()
    }
  })
})

it('a call after the end of its pool is no failure of the server', async () => {
  const guard = quiet()
  const failures: unknown[] = []
  guard.on('connectFailure', (event) => void failures.push(event))
  const pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  await pool.query('SELECT 1')
  await pool.end()
  await expect(pool.query('SELECT 1')).rejects.toThrow('Cannot use a pool after calling end on the pool')
  await expect(pool.connect()).rejects.toThrow('Cannot use a pool after calling end on the pool')
  expect(failures).toEqual([])
})

it('a tool that patches the class of the pool later sees the calls of a guarded pool', async () => {
  class Traced extends pg.Pool {}
  const pool = guardPool(new Traced({ connectionString: server.url }), quiet())
  const seen: string[] = []
  const prototype = Traced.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of ['query', 'connect', 'end']) {
    const original = prototype[name]
    prototype[name] = function traced(this: unknown, ...args: unknown[]): unknown {
      seen.push(name)
      return original?.apply(this, args)
    }
  }
  await pool.query('SELECT 1')
  const client = await pool.connect()
  client.release()
  await pool.end()
  expect(seen).toEqual(['query', 'connect', 'connect', 'end'])
})
