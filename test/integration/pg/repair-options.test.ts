import { createGuard, poolers, StatementTimeoutError, type Guard, type GuardOptions } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

interface Repaired {
  readonly guard: Guard
  readonly pool: pg.Pool
  readonly sent: readonly string[]
  readonly findings: readonly string[]
}

async function repairing(
  work: (repaired: Repaired) => Promise<void>,
  guardOptions: GuardOptions = {},
  poolOptions: PoolOptions = {},
): Promise<void> {
  const pooler = poolers.pgbouncer({ version: '1.18' })
  const guard = createGuard({ pooler, mode: 'repair', logger: { warn() {} }, ...guardOptions })
  const sent: string[] = []
  const findings: string[] = []
  guard.on('repaired', (event) => void sent.push(event.sent))
  guard.on('finding', (event) => void findings.push(event.statement))
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, poolOptions)
  try {
    await work({ guard, pool, sent, findings })
  } finally {
    await pool.end()
  }
}

async function inTransaction(pool: pg.Pool, ...statements: string[]): Promise<void> {
  const client = await pool.connect()
  try {
    for (const sql of ['BEGIN', ...statements, 'COMMIT']) await client.query(sql)
  } finally {
    client.release()
  }
}

async function leftOn(pool: pg.Pool, setting: string): Promise<unknown> {
  const { rows } = await pool.query<{ left: unknown }>(`SELECT current_setting('${setting}', true) AS left`)
  return rows[0]?.left
}

describe('a repaired statement', () => {
  it.each(['statement', 'commit'] as const)('is no finding with decideAt: %s', async (decideAt) => {
    await repairing(
      async ({ pool, sent, findings }) => {
        await inTransaction(pool, "SET app.decided = 'yes'", 'CREATE TEMP TABLE decided (id int)')
        expect(sent).toEqual(['SET LOCAL app.decided = ?', 'CREATE TEMP TABLE decided (id int) ON COMMIT DROP'])
        expect(findings).toEqual([])
        expect(await leftOn(pool, 'app.decided')).toBe('')
      },
      { decideAt },
    )
  })

  it('counts once, as the application sent it', async () => {
    await repairing(async ({ guard, pool }) => {
      const statements: string[] = []
      guard.on('query', ({ statement }) => void statements.push(statement))
      await inTransaction(pool, "SELECT set_config('app.counted', 'yes', false)", 'SELECT pg_advisory_lock(4711)')
      expect(statements).toEqual(['BEGIN', 'SELECT set_config(?, false)', 'SELECT pg_advisory_lock(?)', 'COMMIT'])
      expect(guard.stats().totalQueries).toBe(statements.length)
    })
  })

  it('ends at the limit of statements, in and for its own text', async () => {
    const slow = "SELECT set_config('app.slow', 'secret', false), pg_sleep(3600)"
    await repairing(
      async ({ pool, sent }) => {
        const client = await pool.connect()
        await client.query('BEGIN')
        const error: unknown = await client.query(slow).catch((thrown: unknown) => thrown)
        await client.query('ROLLBACK')
        client.release()
        expect(error).toBeInstanceOf(StatementTimeoutError)
        expect((error as Error).message).toContain('SELECT set_config(?, ?, false), pg_sleep(?)')
        expect((error as Error).message).not.toContain('secret')
        expect(sent).toHaveLength(1)
        expect(await leftOn(pool, 'app.slow')).toBe('')
      },
      {},
      { statementTimeoutMillis: 1000 },
    )
  })

  it('with its own limit in the transaction ends at that limit, and leaves none', async () => {
    await repairing(
      async ({ pool }) => {
        const client = await pool.connect()
        await client.query('BEGIN')
        await client.query("SET statement_timeout = '300ms'")
        await expect(client.query('SELECT pg_sleep(3600)')).rejects.toMatchObject({ code: '57014' })
        await client.query('ROLLBACK')
        client.release()
        const { rows } = await pool.query('SHOW statement_timeout')
        expect(rows).toEqual([{ statement_timeout: '0' }])
      },
      {},
      { statementTimeoutMillis: 60_000 },
    )
  })
})
