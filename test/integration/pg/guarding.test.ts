import { UnsafeStatementError } from '@poolsafe/core'
import { guardClient, guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { set, strict, withPool } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

describe('connections that others opened or hold', () => {
  it('guards a connection that the pool had before', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    await pool.query('SELECT 1')
    guardPool(pool, strict)
    const client = await pool.connect()
    await expect(client.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
    client.release()
    await pool.end()
  })

  it('guards what a listener of `connect` and the hook `onConnect` send', async () => {
    const seen: unknown[] = []
    const catchInto = (client: pg.ClientBase): Promise<void> =>
      client.query(set).then(
        () => {},
        (error: unknown) => void seen.push(error),
      )
    const pool = new pg.Pool({ connectionString: server.url, max: 1, onConnect: catchInto })
    pool.on('connect', (client) => void catchInto(client))
    guardPool(pool, strict)
    await pool.query('SELECT 1')
    expect(seen).toEqual([expect.any(UnsafeStatementError), expect.any(UnsafeStatementError)])
    await pool.end()
  })

  it('guards what listeners send that come before all others, and the hook `verify`', async () => {
    const seen: unknown[] = []
    const catchInto = (client: pg.ClientBase): Promise<void> =>
      client.query(set).then(
        () => {},
        (error: unknown) => void seen.push(error),
      )
    const verify = (client: pg.PoolClient, done: (error?: Error) => void): void => {
      client.query(set, (error: unknown) => {
        seen.push(error)
        done()
      })
    }
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, verify }), strict)
    pool.prependListener('connect', (client) => void catchInto(client))
    pool.prependListener('acquire', (client) => void catchInto(client))
    await pool.query('SELECT 1')
    expect(seen).toEqual([
      expect.any(UnsafeStatementError),
      expect.any(UnsafeStatementError),
      expect.any(UnsafeStatementError),
    ])
    await pool.end()
  })

  it('guards a connection that the pool is opening, from its hook on', async () => {
    const seen: unknown[] = []
    const onConnect = async (client: pg.ClientBase): Promise<void> => {
      seen.push(await client.query(set).catch((error: unknown) => error))
    }
    const pool = new pg.Pool({ connectionString: server.url, max: 1, onConnect })
    const opening = pool.connect()
    guardPool(pool, strict)
    const client = await opening
    seen.push(await client.query(set).catch((error: unknown) => error))
    expect(seen).toEqual([expect.any(UnsafeStatementError), expect.any(UnsafeStatementError)])
    client.release()
    await pool.end()
  })

  it('rejects the connection where a hook lets the refusal through', async () => {
    const onConnect = (client: pg.ClientBase): Promise<unknown> => client.query(set)
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, onConnect }), strict)
    await expect(pool.query('SELECT 1')).rejects.toBeInstanceOf(UnsafeStatementError)
    expect(pool.totalCount).toBe(0)
    await pool.end()
  })

  it('guards the clients that others make of the class of the pool', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url }), strict) as pg.Pool & {
      readonly Client: typeof pg.Client
    }
    const client = new pool.Client(server.url)
    await client.connect()
    await expect(client.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
    await client.end()
    await pool.end()
  })

  it('hands the same release function to the client and to the callback of connect', async () => {
    await withPool(server, strict, async (pool) => {
      const same = await new Promise((resolve, reject) => {
        pool.connect((error, client, done) => {
          if (error !== undefined || client === undefined) return reject(error ?? new Error('no client'))
          resolve(client.release === done)
          done()
        })
      })
      expect(same).toBe(true)
    })
  })

  it('guards a single client', async () => {
    const client = guardClient(new pg.Client(server.url), strict)
    await client.connect()
    await expect(client.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })
})

describe('guarding', () => {
  it('gives the very pool back, guarded once', () => {
    const pool = new pg.Pool()
    expect(guardPool(pool)).toBe(pool)
    const { query } = pool
    expect(guardPool(pool)).toBe(pool)
    expect(pool.query).toBe(query)
    expect(pool).toBeInstanceOf(pg.Pool)
  })

  it('leaves pool and client untouched with mode off', () => {
    const pool = new pg.Pool()
    const client = new pg.Client()
    expect(guardPool(pool, { mode: 'off' })).toBe(pool)
    expect(guardClient(client, { mode: 'off' })).toBe(client)
    expect(pool.query).toBe(pg.Pool.prototype.query)
    expect(client.query).toBe(pg.Client.prototype.query)
    expect(pool.listenerCount('connect')).toBe(0)
  })

  it('refuses a second guard, and what is no pool or client', () => {
    const warnings: string[] = []
    const pool = guardPool(new pg.Pool(), strict)
    expect(() => guardPool(pool, { mode: 'strict' })).toThrow('a pool must be watched by one guard')
    expect(guardPool(pool, { logger: { warn: (message) => void warnings.push(message) } })).toBe(pool)
    expect(warnings).toEqual([expect.stringContaining('a pool must be watched by one guard')])
    expect(() => guardPool(new pg.Client() as never)).toThrow(
      'guardPool(): pool must be a pool of node-postgres (new pg.Pool(…)); guardClient() takes a client; got',
    )
    expect(() => guardClient(pool as never)).toThrow('guardClient(): client must be a client of node-postgres')
    expect(() => guardPool({} as never)).toThrow(
      'guardPool(): pool must be a pool of node-postgres (new pg.Pool(…)); got an object',
    )
    expect(() => guardClient(undefined as never)).toThrow(
      'guardClient(): client must be a client of node-postgres (new pg.Client(…)); got undefined',
    )
    expect(() => guardPool(new pg.Pool(), { mode: 'loud' } as never)).toThrow(
      "mode must be one of 'off', 'warn', 'repair', 'strict'; got 'loud'",
    )
  })
})
