import { UnsafeStatementError } from '@poolsafe/core'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { strict, withClient } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

/** Every way in which pg takes a statement, each giving its first row. */
const clientForms: Record<string, (client: pg.ClientBase, sql: string) => Promise<unknown>> = {
  'promise, text': async (client, sql) => (await client.query(sql)).rows[0],
  'promise, text and values': async (client, sql) => (await client.query(sql, [])).rows[0],
  'promise, config': async (client, sql) => (await client.query({ text: sql, rowMode: 'array' })).rows[0],
  'callback, text': (client, sql) =>
    new Promise((resolve, reject) =>
      client.query(sql, (error: Error | null, result) => (error ? reject(error) : resolve(result.rows[0]))),
    ),
  'callback, text and values': (client, sql) =>
    new Promise((resolve, reject) =>
      client.query(sql, [], (error, result) => (error ? reject(error) : resolve(result.rows[0]))),
    ),
  'callback, config': (client, sql) =>
    new Promise((resolve, reject) =>
      client.query({ text: sql }, (error: Error | null, result) => (error ? reject(error) : resolve(result.rows[0]))),
    ),
  'callback in the config': (client, sql) =>
    new Promise((resolve, reject) => {
      const callback = (error: Error | null, result: pg.QueryResult): void =>
        error ? reject(error) : resolve(result.rows[0])
      void client.query({ text: sql, callback } as pg.QueryConfig)
    }),
  'pg.Query with a callback': (client, sql) =>
    new Promise((resolve, reject) => {
      const callback = (error: Error | null, result: pg.QueryResult): void =>
        error ? reject(error) : resolve(result.rows[0])
      // The types of pg do not know the callback as second argument.
      const query = new pg.Query(sql, callback as never)
      expect(client.query(query)).toBe(query)
    }),
  'pg.Query with events': (client, sql) =>
    new Promise((resolve, reject) => {
      let row: unknown
      const query = client.query(new pg.Query(sql))
      query.on('row', (next) => void (row = next))
      query.on('error', reject)
      query.on('end', () => resolve(row))
    }),
  cursor: async (client, sql) => {
    const cursor = client.query(new Cursor(sql))
    const [row] = await cursor.read(1)
    await cursor.close()
    return row
  },
  stream: async (client, sql) => {
    const stream = client.query(new QueryStream(sql))
    for await (const row of stream) return row
    return undefined
  },
}

describe.each(Object.entries(clientForms))('client.query, %s', (_name, send) => {
  const sql = "SELECT 1 AS one, 'x' AS name"

  it('gives what an unguarded client gives', async () => {
    const guarded = await withClient(server, strict, (client) => send(client, sql))
    expect(guarded).toEqual(await withClient(server, undefined, (client) => send(client, sql)))
  })

  it('refuses, and the client goes on', async () => {
    await withClient(server, strict, async (client) => {
      await expect(send(client, "SELECT set_config('a.b', 'c', false)")).rejects.toBeInstanceOf(UnsafeStatementError)
      expect((await client.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }])
    })
  })

  it("leaves PostgreSQL's error as it is", async () => {
    const guarded = await withClient(server, strict, (client) => send(client, 'SELECT 1/0')).catch(
      (error: unknown) => error,
    )
    expect(guarded).toMatchObject({ name: 'error', code: '22012' })
  })
})
