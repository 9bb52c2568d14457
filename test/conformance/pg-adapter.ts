import { guardPool } from '@poolsafe/pg'
import type { ConformanceAdapter, ConformanceClient } from '@poolsafe/testing/conformance'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { inTransaction } from '../support/session/in-transaction.ts'
import { circular } from './circular.ts'

interface PoolClient extends ConformanceClient {
  readonly pool: pg.Pool
}

export const pgAdapter: ConformanceAdapter<PoolClient> = {
  name: 'pg',
  sqlStateOf: (error) => (error as { code?: unknown }).code,
  open(url, guard) {
    const bare = new pg.Pool({ connectionString: url, max: 1 })
    const pool = guard === undefined ? bare : guardPool(bare, guard)
    return {
      pool,
      query: async (sql) => rowsOf(await pool.query(sql)),
      close: () => pool.end(),
      transaction: (work) =>
        inTransaction(pool, (client) => {
          const failInClient = (): Promise<unknown> => client.query('SELECT $1', [circular()])
          return work(async (sql) => rowsOf(await client.query(sql)), failInClient)
        }),
    }
  },
  forms: {
    callback: ({ pool }, sql) =>
      new Promise((resolve, reject) => {
        pool.query(sql, (error: Error | undefined, result) => (error ? reject(error) : resolve(rowsOf(result))))
      }),
    'configuration object': async ({ pool }, sql) => rowsOf(await pool.query({ text: sql, values: [] })),
    'client of pool.connect': ({ pool }, sql) => withClient(pool, async (client) => rowsOf(await client.query(sql))),
  },
  streams: {
    async *cursor({ pool }, sql) {
      const client = await pool.connect()
      try {
        const cursor = client.query(new Cursor<object>(sql))
        try {
          for (let rows = await cursor.read(10); rows.length > 0; rows = await cursor.read(10)) yield* rows
        } finally {
          await cursor.close()
        }
      } finally {
        client.release()
      }
    },
    async *'query stream'({ pool }, sql) {
      const client = await pool.connect()
      try {
        yield* client.query(new QueryStream(sql)) as AsyncIterable<unknown>
      } finally {
        client.release()
      }
    },
  },
}

async function withClient<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

function rowsOf(result: pg.QueryResult): unknown[] {
  return result.rows as unknown[]
}
