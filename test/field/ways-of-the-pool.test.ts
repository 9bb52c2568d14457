import { AcquireTimeoutError, createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { EventEmitter } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'
import { layers } from '../support/layers.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
let way: Proxy
let url: string
const guard = createGuard({ logger: { warn: () => {} } })

beforeAll(async () => {
  server = await sharedPostgres()
})
beforeEach(async () => {
  way = new Proxy(server.port)
  await way.open()
  url = Object.assign(new URL(server.url), { port: String(way.port) }).href
  await way.close()
})
afterAll(() => server.stop())

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** The driver's own error, or what Prisma makes of it. */
const refused = expect.toSatisfy(
  (error: { code?: string; name: string }) =>
    error.name !== 'AcquireTimeoutError' && ['ECONNREFUSED', 'P1001', 'P2010'].includes(error.code ?? ''),
) as unknown

describe.each(layers)('%s, at a port where nothing listens,', (_name, open) => {
  it('fails at once with the default limits, and works as soon as the server is there', async () => {
    const layer = open({ url, max: 2, guard })
    const startedAt = performance.now()
    const errors = await Promise.all(Array.from({ length: 6 }, () => failureOf(layer.query())))
    expect(performance.now() - startedAt).toBeLessThan(9000)
    expect(errors).toEqual(errors.map(() => refused))
    await way.open()
    await layer.query()
    await layer.close()
    await way.close()
  })

  it('waits for the server as long as acquireTimeoutMillis says', async () => {
    const layer = open({ url, max: 2, guard, options: { acquireTimeoutMillis: 60_000 } })
    const served = Promise.all(Array.from({ length: 6 }, () => layer.query()))
    setTimeout(() => void way.open(), 300)
    await served
    await layer.close()
    await way.close()
  })
})

/** On a busy machine a connection may come too late for its caller. It stays in the pool for the next one. */
async function connectAnyhow(pool: pg.Pool): Promise<pg.PoolClient> {
  for (;;) {
    try {
      return await pool.connect()
    } catch (error) {
      expect(error).toBeInstanceOf(AcquireTimeoutError)
    }
  }
}

describe('a pool of node-postgres', () => {
  it('rides out a restart once it has had a connection', async () => {
    await way.open()
    const pool = guardPool(new pg.Pool({ connectionString: url }), guard)
    await pool.query('SELECT 1')
    await way.close()
    while (pool.totalCount > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const served = pool.query('SELECT 1')
    setTimeout(() => void way.open(), 300)
    await served
    await pool.end()
    await way.close()
  })

  it('keeps its own message for its own limit, with the report beside it', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, connectionTimeoutMillis: 100 }), guard)
    const client = await connectAnyhow(pool)
    const error = await failureOf(pool.query('SELECT 1'))
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error).toMatchObject({
      message: 'timeout exceeded when trying to connect',
      limitMillis: 100,
      likelyCause: 'nestedAcquire',
    })
    expect((error as AcquireTimeoutError).report).toContain('instead')
    client.release()
    await pool.end()
  })

  it('has the text of the report as the message where the limit is poolsafe’s', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, { acquireTimeoutMillis: 100 })
    const client = await connectAnyhow(pool)
    const error = await failureOf(pool.query('SELECT 1'))
    expect((error as Error).message).toMatch(/^waited \d+ ms for a connection/)
    expect(error).not.toHaveProperty('report')
    client.release()
    await pool.end()
  })

  it('counts those that wait while they hold a connection', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const client = await pool.connect()
    const others = [pool.connect(), pool.query('SELECT 1')] as const
    expect(pool.waitingCount).toBe(2)
    client.release()
    ;(await others[0]).release()
    await others[1]
    expect(pool.waitingCount).toBe(0)
    await pool.end()
  })
})

it('a Client class that has no query method of its own fails with its own error', async () => {
  class Unqueryable extends EventEmitter {
    connect(done: (error: Error) => void): void {
      done(new Error('no way in'))
    }
  }
  const pool = guardPool(new pg.Pool({ Client: Unqueryable } as unknown as pg.PoolConfig), guard)
  await expect(pool.connect()).rejects.toThrow('no way in')
  await pool.end()
})
