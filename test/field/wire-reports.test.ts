import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Rebuilt from public reports about node-postgres, whose numbers the names carry.

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

async function use(work: (pool: pg.Pool) => Promise<void>): Promise<void> {
  const pool = guardPool(
    new pg.Pool({ connectionString: server.url, max: 2 }),
    createGuard({ logger: { warn: () => {} } }),
  )
  pool.on('error', () => {})
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
}

const rows = 'SELECT generate_series(1, 1000) AS n'

async function openAndKill(pool: pg.Pool): Promise<{ readonly client: pg.PoolClient; readonly cursor: Cursor }> {
  const client = await pool.connect()
  const { pid } = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0] ?? expect.fail()
  const cursor = client.query(new Cursor(rows))
  await cursor.read(10)
  const ended = new Promise((resolve) => void client.once('end', resolve))
  await pool.query('SELECT pg_terminate_backend($1)', [pid])
  await ended
  return { client, cursor }
}

it('a cursor can be closed after its connection was lost (2588, 2642)', async () => {
  await use(async (pool) => {
    const { client, cursor } = await openAndKill(pool)
    await cursor.close()
    client.release()
  })
})

it('a cursor that is read after its connection was lost fails (2468)', async () => {
  await use(async (pool) => {
    const { client, cursor } = await openAndKill(pool)
    await expect(cursor.read(10)).rejects.toBeInstanceOf(Error)
    client.release()
  })
})

it('a cursor that was not read to its end does not keep the next caller waiting (2148)', async () => {
  await use(async (pool) => {
    for (let round = 0; round < 2; round++) {
      const client = await pool.connect()
      await client.query(new Cursor(rows)).read(1)
      client.release()
    }
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})
