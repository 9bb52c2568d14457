import { UnsafeStatementError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pgOldest from 'pg-oldest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { set, strict, withClient, withPool } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

describe('transaction state', () => {
  it('counts BEGIN as soon as it is queued, before the server has answered', async () => {
    await withClient(server, strict, async (client) => {
      const sent = ['BEGIN', "SET LOCAL app.org_id = '7'", "SELECT current_setting('app.org_id') AS org", 'COMMIT'].map(
        (sql) => client.query(sql),
      )
      expect((await Promise.all(sent))[2]?.rows).toEqual([{ org: '7' }])
      await expect(client.query("SET LOCAL app.org_id = '7'")).rejects.toMatchObject({ rule: 'transaction/set-local' })
    })
  })

  it('works in pipeline mode', async () => {
    await withPool(
      server,
      strict,
      async (pool) => {
        const client = await pool.connect()
        const sent = [
          'BEGIN',
          "SET LOCAL app.org_id = '7'",
          "SELECT current_setting('app.org_id') AS org",
          'COMMIT',
        ].map((sql) => client.query(sql))
        await expect(client.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
        expect((await Promise.all(sent))[2]?.rows).toEqual([{ org: '7' }])
        client.release()
      },
      { pipeline: true },
    )
  })

  it('stays open in a failed transaction, until ROLLBACK', async () => {
    await withClient(server, strict, async (client) => {
      await client.query('BEGIN')
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await expect(client.query("SET LOCAL app.org_id = '7'")).rejects.toMatchObject({ code: '25P02' })
      await client.query('ROLLBACK')
      await expect(client.query("SET LOCAL app.org_id = '7'")).rejects.toMatchObject({ rule: 'transaction/set-local' })
    })
  })

  it('is revived by ROLLBACK TO, with what was left before the savepoint', async () => {
    await withClient(server, strict, async (client) => {
      await client.query('BEGIN')
      await client.query('SET work_mem = 65536')
      await client.query('SAVEPOINT a')
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await client.query('ROLLBACK TO a')
      await expect(client.query('COMMIT')).rejects.toMatchObject({ rule: 'session/set' })
      await client.query('ROLLBACK')
    })
  })

  it('is not what an earlier query fails with that was queued ahead of BEGIN', async () => {
    await withClient(server, strict, async (client) => {
      const failing = client.query('SELECT missing')
      const sent = [client.query('BEGIN'), client.query('SET work_mem = 65536')]
      await expect(failing).rejects.toMatchObject({ code: '42703' })
      await expect(client.query('COMMIT')).rejects.toMatchObject({ rule: 'session/set' })
      await Promise.all(sent)
      await client.query('ROLLBACK')
    })
  })

  it('is not what a query fails with that was queued ahead of ROLLBACK TO', async () => {
    await withClient(server, strict, async (client) => {
      await client.query('BEGIN')
      await client.query('SAVEPOINT a')
      const failing = client.query('SELECT missing')
      const sent = [client.query('ROLLBACK TO a'), client.query('SET work_mem = 65536')]
      await expect(failing).rejects.toMatchObject({ code: '42703' })
      await expect(client.query('COMMIT')).rejects.toMatchObject({ rule: 'session/set' })
      await Promise.all(sent)
      await client.query('ROLLBACK')
    })
  })

  it('counts as failed as soon as a queued query of its own fails', async () => {
    const rules = { 'transaction/commit-rolled-back': 'allow' } as const
    await withClient(server, { ...strict, rules }, async (client) => {
      const begun = client.query('BEGIN')
      const left = client.query('SET work_mem = 65536')
      const failing = client.query('SELECT missing')
      // Something is under way still when the error arrives.
      const behind = expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
      await expect(failing).rejects.toMatchObject({ code: '42703' })
      expect((await client.query('COMMIT')).command).toBe('ROLLBACK')
      await Promise.all([begun, left, behind])
    })
  })

  it('leaves nothing when a failed one is committed, which PostgreSQL answers with ROLLBACK', async () => {
    const rules = { 'transaction/commit-rolled-back': 'allow' } as const
    await withClient(server, { ...strict, rules }, async (client) => {
      await client.query('BEGIN')
      await client.query('SET work_mem = 65536')
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      expect((await client.query('COMMIT')).command).toBe('ROLLBACK')
    })
  })

  it('is known inside callbacks of pg 8.11', async () => {
    const pool = guardPool(new pgOldest.Pool({ connectionString: server.url, max: 1 }), strict)
    await new Promise<void>((resolve, reject) => {
      pool.connect((connectError, client, release) => {
        if (client === undefined) return reject(connectError ?? new Error('no client'))
        client.query('BEGIN', () => {
          client.query("SET LOCAL app.org_id = '7'", (error) => {
            client.query('COMMIT', () => {
              release()
              if (error === null || error === undefined) resolve()
              else reject(error)
            })
          })
        })
      })
    })
    await pool.end()
  })

  it('is known with pg 8.11, which has no getTransactionStatus', async () => {
    const pool = guardPool(new pgOldest.Pool({ connectionString: server.url, max: 1 }), strict)
    const client = await pool.connect()
    await expect(client.query("SET LOCAL app.org_id = '7'")).rejects.toMatchObject({ rule: 'transaction/set-local' })
    await client.query('BEGIN')
    await client.query("SET LOCAL app.org_id = '7'")
    await client.query('COMMIT')
    await expect(client.query("SET LOCAL app.org_id = '7'")).rejects.toMatchObject({ rule: 'transaction/set-local' })
    client.release()
    await pool.end()
  })
})

describe('release inside an open transaction', () => {
  it('throws in strict mode, after the connection is closed', async () => {
    await withPool(server, strict, async (pool) => {
      const client = await pool.connect()
      await client.query('BEGIN')
      expect(() => client.release()).toThrow(expect.objectContaining({ rule: 'transaction/left-open' }))
      expect(
        (await pool.query("SELECT now() <> clock_timestamp() AS in_transaction, 'new' AS client")).rows,
      ).toHaveLength(1)
      expect(pool.totalCount).toBe(1)
    })
  })

  it('is reported in warn mode, and the connection goes back as it is', async () => {
    const warnings: string[] = []
    await withPool(server, { logger: { warn: (message) => void warnings.push(message) } }, async (pool) => {
      const client = await pool.connect()
      await client.query('BEGIN')
      client.release()
      const again = await pool.connect()
      expect(again).toBe(client)
      await again.query('ROLLBACK')
      again.release()
    })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('(transaction/left-open)')
  })

  it('is no matter where COMMIT is still on its way, or the connection is destroyed', async () => {
    await withPool(server, strict, async (pool) => {
      const queued = await pool.connect()
      await queued.query('BEGIN')
      const committed = queued.query('COMMIT')
      queued.release()
      await committed
      const destroyed = await pool.connect()
      await destroyed.query('BEGIN')
      destroyed.release(true)
    })
  })

  it('does not take the place of an error that the caller has in hand', async () => {
    await withPool(server, strict, async (pool) => {
      const failing = async (sql: string): Promise<void> => {
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query(sql)
          await client.query('COMMIT')
        } finally {
          client.release()
        }
      }
      await expect(failing('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await expect(failing('SET work_mem = 65536')).rejects.toMatchObject({ rule: 'session/set' })
      expect(pool.idleCount).toBe(0)
    })
  })

  it('keeps pg-pool’s own complaint about a double release', async () => {
    await withPool(server, strict, async (pool) => {
      const client = await pool.connect()
      client.release()
      expect(() => client.release()).toThrow('Release called on client which has already been released to the pool.')
    })
  })
})
