import { createGuard, UnsafeStatementError, type FindingEvent } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const set = "SET app.org_id = '7'"

/** As applications do that set something on each connection, retry, or trace. */
class TenantPool extends pg.Pool {
  override query = (async (...args: [string, unknown[]?]) => {
    const client = await this.connect()
    try {
      await client.query('SELECT 1')
      return await client.query(...args)
    } finally {
      client.release()
    }
  }) as unknown as pg.Pool['query']
}

class LatePool extends TenantPool {
  override connect = (async () => {
    await Promise.resolve()
    return super.connect()
  }) as unknown as pg.Pool['connect']
}

/** `query` as a method of the prototype, with the connection of a callback as pg-pool has it. */
class TracedPool extends pg.Pool {
  override query(...args: unknown[]): never {
    return Reflect.apply(pg.Pool.prototype.query, this, args) as never
  }
}

async function use(
  make: new (config: pg.PoolConfig) => pg.Pool,
  work: (pool: pg.Pool, found: FindingEvent[]) => Promise<void>,
): Promise<void> {
  const found: FindingEvent[] = []
  const guard = createGuard({ mode: 'strict', logger: { warn: () => {} } })
  guard.on('finding', (event) => void found.push(event))
  const pool = guardPool(new make({ connectionString: server.url, max: 1 }), guard)
  try {
    await work(pool, found)
  } finally {
    await pool.end()
  }
}

describe.each([
  ['that awaits this.connect()', TenantPool],
  ['that awaits something before it connects', LatePool],
  ['that calls the method of pg.Pool', TracedPool],
] as const)('a subclass of pg.Pool whose query is one %s', (_name, make) => {
  it('works as without poolsafe, is judged, and gives its connections back', async () => {
    await use(make, async (pool, found) => {
      expect((await pool.query('SELECT $1::int AS n', [7])).rows).toEqual([{ n: 7 }])
      await expect(pool.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
      await expect(pool.query('SELECT broken')).rejects.toMatchObject({ code: '42703' })
      expect(found.map(({ findings: [first] }) => first.rule)).toEqual(['session/set'])
      expect(poolStatistics(pool)).toMatchObject({ active: 0, size: expect.any(Number) })
    })
  })
})

describe('a client that is lent to pool.query', () => {
  it.each(['connect', 'acquire'] as const)(
    'is judged for what listeners of %s send on it, at once and later',
    async (event) => {
      await use(pg.Pool, async (pool, found) => {
        const refused: unknown[] = []
        pool.on(event, (client: pg.PoolClient) => {
          const later = client.query(set).catch((error: unknown) => refused.push(error))
          void later.then(() => client.query('LISTEN news').catch((error: unknown) => refused.push(error)))
        })
        await pool.query('SELECT pg_sleep(0.1)')
        expect(refused).toHaveLength(2)
        expect(found.map(({ findings: [first] }) => first.rule)).toEqual(['session/set', 'session/listen'])
      })
    },
  )
})
