import { createGuard, StatementTimeoutError } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { once, type EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Cases in which pg-cursor and pg-query-stream wait for a message that never comes.

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Wire extends EventEmitter {
  readonly stream: { destroy(): void }
}

async function use(
  work: (client: pg.PoolClient, wire: Wire) => Promise<void>,
  options: PoolOptions = {},
  observe = true,
): Promise<void> {
  const guard = createGuard({ logger: { warn: () => {} }, ...(observe ? {} : { observe: false }) })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, options)
  pool.on('error', () => {})
  const client = await pool.connect()
  try {
    await work(client, (client as unknown as { connection: Wire }).connection)
  } finally {
    client.release()
    await pool.end()
  }
}

type Read = (client: pg.PoolClient, sql: string) => Promise<unknown>

const readers: readonly (readonly [string, Read])[] = [
  ['a cursor', (client, sql) => client.query(new Cursor(sql)).read(100)],
  [
    'a stream',
    async (client, sql) => {
      for await (const _row of client.query(new QueryStream(sql))) continue
    },
  ],
]

describe.each(readers)('the last rows of %s', (_name, read) => {
  it.each([true, false])('fail with the error of the commit that follows them, observed: %s', async (observe) => {
    await use(
      async (client) => {
        await client.query('CREATE TABLE IF NOT EXISTS late (x int UNIQUE DEFERRABLE INITIALLY DEFERRED)')
        await expect(read(client, 'INSERT INTO late VALUES (1), (1) RETURNING x')).rejects.toMatchObject({
          code: '23505',
        })
        expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      },
      {},
      observe,
    )
  })

  it.each([true, false])(
    'fail where the connection is lost before the server is ready again, observed: %s',
    async (observe) => {
      await use(
        async (client, wire) => {
          wire.once('commandComplete', () => wire.stream.destroy())
          await expect(read(client, 'SELECT 1')).rejects.toThrow('Connection terminated unexpectedly')
        },
        {},
        observe,
      )
    },
  )
})

describe('a cursor that fails while it is not read', () => {
  it('can be closed after its error', async () => {
    await use(async (client, wire) => {
      const cursor = client.query(new Cursor('SELECT nothing'))
      await once(wire, 'readyForQuery')
      await expect(cursor.read(5)).rejects.toMatchObject({ code: '42703' })
      await cursor.close()
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  })

  it('ends a loop over its stream', async () => {
    await use(async (client, wire) => {
      const stream = client.query(new QueryStream('SELECT nothing'))
      await once(wire, 'readyForQuery')
      const read = async (): Promise<void> => {
        for await (const _row of stream) continue
      }
      await expect(read()).rejects.toMatchObject({ code: '42703' })
    })
  })
})

describe('a cursor in a transaction whose reader takes longer than statementTimeoutMillis', () => {
  it('fails at its next read with a StatementTimeoutError: the clock of the server runs on', async () => {
    await use(
      async (client) => {
        await client.query('BEGIN')
        const cursor = client.query(new Cursor('SELECT generate_series(1, 20)'))
        await cursor.read(5)
        await sleep(400)
        await expect(cursor.read(5)).rejects.toThrow(StatementTimeoutError)
        await cursor.close()
        await client.query('ROLLBACK')
      },
      { statementTimeoutMillis: 200 },
    )
  })

  it('or, closed without a read, has the next statement name it as the cause', async () => {
    await use(
      async (client) => {
        await client.query('BEGIN')
        const cursor = client.query(new Cursor('SELECT generate_series(1, 20)'))
        await cursor.read(5)
        await sleep(400)
        await cursor.close()
        await expect(client.query('SELECT 1')).rejects.toMatchObject({
          code: '25P02',
          cause: expect.any(StatementTimeoutError),
        })
        await client.query('ROLLBACK')
        await client.query('BEGIN')
        await expect(client.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' })
        await expect(client.query('SELECT 1')).rejects.toSatisfy((error: Error) => error.cause === undefined)
        await client.query('ROLLBACK')
      },
      { statementTimeoutMillis: 200 },
    )
  })
})

describe('statements that are cancelled one after the other', () => {
  it('leave nothing on their connection', async () => {
    const cancelThrice = async (client: pg.PoolClient, wire: Wire): Promise<void> => {
      const before = wire.listenerCount('end')
      for (let times = 0; times < 3; times++)
        await expect(client.query('SELECT pg_sleep(5)')).rejects.toThrow(StatementTimeoutError)
      await vi.waitFor(() => expect(wire.listenerCount('end')).toBe(before))
    }
    // A server that is too busy to cancel within two seconds costs the connection. Then the next one is tried.
    await vi.waitFor(() => use(cancelThrice, { statementTimeoutMillis: 20 }), { timeout: 20_000 })
  })
})
