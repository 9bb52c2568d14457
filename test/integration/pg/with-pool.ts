import type { GuardOptions } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'

export const strict = { mode: 'strict' } as const
export const set = "SET app.org_id = '7'"

/** Runs `work` on a pool of one connection. @param guard `undefined` for the same pool without poolsafe */
export async function withPool<Result>(
  server: Pick<PostgresServer, 'url' | 'port'>,
  guard: GuardOptions | undefined,
  work: (pool: pg.Pool) => Promise<Result>,
  config?: pg.PoolConfig,
): Promise<Result> {
  const bare = new pg.Pool({ connectionString: server.url, max: 1, ...config })
  const pool = guard === undefined ? bare : guardPool(bare, guard)
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

/** Runs `work` on a client of such a pool. */
export async function withClient<Result>(
  server: Pick<PostgresServer, 'url' | 'port'>,
  guard: GuardOptions | undefined,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return withPool(server, guard, async (pool) => {
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  })
}
