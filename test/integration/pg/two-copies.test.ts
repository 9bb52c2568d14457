import { createGuard, UnsafeStatementError } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import type pg from 'pg'
import Cursor from 'pg-cursor'
import pgOldest from 'pg-oldest'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { set, strict } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const rows = 'SELECT id FROM generate_series(1, 3) AS id'
const expected = [{ id: 1 }, { id: 2 }, { id: 3 }]

type Read = (client: pg.PoolClient, text: string) => Promise<unknown[]>

/**
 * Each belongs to the newest pg; the pool below is of another copy, and another version. A pg.Query of the newer pg
 * fails there in pg itself.
 */
const readers: readonly (readonly [string, Read])[] = [
  [
    'pg-cursor',
    async (client, text) => {
      const cursor = client.query(new Cursor<unknown>(text))
      const read = await cursor.read(10)
      await cursor.close()
      return read
    },
  ],
  ['pg-query-stream', async (client, text) => client.query(new QueryStream(text)).toArray() as Promise<unknown[]>],
]

describe('a guarded pool of another copy of pg', () => {
  it.each(readers)('sends, and refuses, what %s of the newer copy brings', async (_name, read) => {
    const pool = guardPool(new pgOldest.Pool({ connectionString: server.url, max: 1 }), strict)
    const client = await pool.connect()
    expect(await read(client, rows)).toEqual(expected)
    await expect(read(client, set)).rejects.toBeInstanceOf(UnsafeStatementError)
    expect(await read(client, rows)).toEqual(expected)
    client.release()
    await pool.end()
  })

  it('serves Kysely, its streams included, and Kysely finds the guard below', async () => {
    const guard = createGuard(strict)
    const pool = guardPool(new pgOldest.Pool({ connectionString: server.url, max: 1 }), guard)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
    expect((await sql.raw(rows).execute(db)).rows).toEqual(expected)
    const read: unknown[] = []
    for await (const row of db.selectNoFrom(sql<number>`1`.as('one')).stream()) read.push(row)
    expect(read).toEqual([{ one: 1 }])
    await expect(sql.raw(set).execute(db)).rejects.toBeInstanceOf(UnsafeStatementError)
    await db.destroy()
  })
})
