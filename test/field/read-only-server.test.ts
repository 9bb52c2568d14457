import { createGuard, type Guard } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

let server: PostgresServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgres()
  admin = new pg.Client({ connectionString: server.url, options: '-c default_transaction_read_only=off' })
  await admin.connect()
  await admin.query('CREATE TABLE notes (x int)')
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

/** All logins from now on, as after a failover to a server that takes no writes. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  await admin.query(
    `ALTER DATABASE postgres ${isReadOnly ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only'}`,
  )
}

async function use(work: (pool: pg.Pool, guard: Guard) => Promise<void>, config: pg.PoolConfig = {}): Promise<void> {
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 3, ...config }), guard)
  try {
    await work(pool, guard)
  } finally {
    await setReadOnly(false)
    await pool.end()
  }
}

/** Writes in a transaction, as ORMs do; a client that fails is released, not closed. */
async function write(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO notes VALUES (1)')
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const refused = { code: '25006' }

describe('a pool whose server has become read-only', () => {
  it('is unhealthy with the reason, replaces its connections, and is healthy again on a server that takes writes', async () => {
    await use(async (pool, guard) => {
      await write(pool)
      expect(await guard.health()).toMatchObject({ healthy: true })
      await setReadOnly(true)
      // The connections that lead to the former server are gone, as in a failover.
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      )
      await vi.waitFor(() => expect(pool.totalCount).toBe(0))
      await expect(write(pool)).rejects.toMatchObject(refused)
      const health = await guard.health()
      expect(health).toMatchObject({ healthy: false, problems: ['readOnly'] })
      expect(health.reasons[0]).toMatch(/read-only: it last refused a write \d+ ms ago \(SQLSTATE 25006\)/)
      await setReadOnly(false)
      await vi.waitFor(() => write(pool), { timeout: 60_000, interval: 100 })
      expect(poolStatistics(pool)?.connectionsLost.readOnly).toBeGreaterThan(0)
      expect(await guard.health()).toMatchObject({ healthy: true })
    })
  })

  it('that is set read-only while its connections are open replaces them too', async () => {
    await use(async (pool, guard) => {
      await write(pool)
      await vi.waitFor(
        async () => {
          await admin.query("ALTER SYSTEM SET default_transaction_read_only = 'on'")
          await admin.query('SELECT pg_reload_conf()')
          await expect(write(pool)).rejects.toMatchObject(refused)
          expect(await guard.health()).toMatchObject({ healthy: false, problems: ['readOnly'] })
        },
        { timeout: 60_000, interval: 200 },
      )
      await admin.query('ALTER SYSTEM RESET default_transaction_read_only')
      await admin.query('SELECT pg_reload_conf()')
      await vi.waitFor(() => write(pool), { timeout: 60_000, interval: 200 })
      expect(await guard.health()).toMatchObject({ healthy: true })
    })
  })
})

describe('a transaction that the application itself declared read-only is no problem', () => {
  it.each(['BEGIN READ ONLY', 'START TRANSACTION READ ONLY'])('%s', async (begin) => {
    await use(async (pool, guard) => {
      const client = await pool.connect()
      await client.query(begin)
      await expect(client.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject(refused)
      await client.query('ROLLBACK')
      client.release()
      expect(await guard.health()).toMatchObject({ healthy: true })
      expect(poolStatistics(pool)?.connectionsLost.readOnly).toBe(0)
    })
  })

  it('a role, or a pool, that never was anything else', async () => {
    await use(
      async (pool, guard) => {
        await expect(write(pool)).rejects.toMatchObject(refused)
        await expect(pool.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject(refused)
        expect(await guard.health()).toMatchObject({ healthy: true })
      },
      { options: '-c default_transaction_read_only=on' },
    )
  })
})
