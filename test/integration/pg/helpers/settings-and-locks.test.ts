import { InvalidOptionError, type Settings } from '@poolsafe/core'
import { CommitRolledBackError, withAdvisoryLock, withSettings } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { strictPool } from '../../../support/strict-pool.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let server: PostgresServer
let pooler: PgBouncerServer
let direct: pg.Pool
const pools: pg.Pool[] = []
beforeAll(async () => {
  server = await startPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 2 })
  direct = new pg.Pool({ connectionString: server.url })
  await direct.query('CREATE TABLE job (id int)')
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})
afterAll(async () => {
  await direct.end()
  await pooler.stop()
  await server.stop()
})

/** A strict pool through PgBouncer. */
function open(): pg.Pool {
  const pool = strictPool(pooler.url)
  pools.push(pool)
  return pool
}

async function tenantOf(client: Pick<pg.ClientBase, 'query'>): Promise<string | null> {
  const { rows } = await client.query<{ tenant: string | null }>("SELECT current_setting('app.tenant', true) AS tenant")
  return rows[0]?.tenant ?? null
}

describe('withSettings', () => {
  it('sets in a transaction, and leaves nothing', async () => {
    const pool = open()
    const seen = await withSettings(pool, { 'app.tenant': 7, 'app.is_admin': false }, async (client) => {
      const { rows } = await client.query<{ admin: string }>("SELECT current_setting('app.is_admin') AS admin")
      return [await tenantOf(client), rows[0]?.admin]
    })
    expect(seen).toEqual(['7', 'false'])
    for (let i = 0; i < 4; i++) expect((await tenantOf(pool)) ?? '').toBe('')
  })

  it('rolls back with the error of the function', async () => {
    const pool = open()
    const failure = new Error('no')
    const failing = withSettings(pool, { 'app.tenant': 'a' }, async (client) => {
      await client.query('INSERT INTO job VALUES (1)')
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect((await direct.query('SELECT FROM job WHERE id = 1')).rowCount).toBe(0)
  })

  it('puts the values of before back inside an open transaction', async () => {
    const pool = open()
    const seen = await withSettings(pool, { 'app.tenant': 'outer', search_path: 'public' }, async (client) => {
      const inside = await withSettings(client, { 'app.tenant': 'inner', search_path: 'pg_catalog' }, tenantOf)
      const { rows } = await client.query<{ search_path: string }>('SHOW search_path')
      return [inside, await tenantOf(client), rows[0]?.search_path]
    })
    expect(seen).toEqual(['inner', 'outer', 'public'])
  })

  it('puts them back where the function fails and the transaction lives on', async () => {
    const pool = open()
    const after = await withSettings(pool, { 'app.tenant': 'outer' }, async (client) => {
      const inner = withSettings(client, { 'app.tenant': 'inner' }, () => Promise.reject(new Error('no')))
      await expect(inner).rejects.toThrow('no')
      return tenantOf(client)
    })
    expect(after).toBe('outer')
  })

  it('keeps the error of a statement that aborts the open transaction', async () => {
    const pool = open()
    const failing = withSettings(pool, { 'app.tenant': 'a' }, (client) =>
      withSettings(client, { 'app.tenant': 'b' }, (same) => same.query('SELECT 1/0')),
    )
    await expect(failing).rejects.toMatchObject({ code: '22012' })
  })

  it('begins a transaction on a client that has none', async () => {
    const pool = open()
    const client = await pool.connect()
    expect(await withSettings(client, { 'app.tenant': 'c' }, tenantOf)).toBe('c')
    expect((await tenantOf(client)) ?? '').toBe('')
    client.release()
  })

  it('tells that a caught error rolled everything back', async () => {
    const bare = new pg.Pool({ connectionString: pooler.url })
    pools.push(bare)
    const caught = withSettings(bare, { 'app.tenant': 'a' }, async (client) => {
      await client.query('SELECT 1/0').catch(() => {})
    })
    await expect(caught).rejects.toBeInstanceOf(CommitRolledBackError)
  })

  it('closes a connection whose ROLLBACK fails', async () => {
    const pool = open()
    const failing = withSettings(pool, { 'app.tenant': 'a' }, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await direct.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await client.query('SELECT 1')
    })
    await expect(failing).rejects.toThrow(/./)
    expect(pool.totalCount).toBe(0)
    expect((await tenantOf(pool)) ?? '').toBe('')
  })

  it.each<[string, unknown]>([
    ['a name that is no setting', { "x'; DROP TABLE job": 1 }],
    ['an empty name', { '': 1 }],
    ['undefined', { 'app.tenant': undefined }],
    ['null', { 'app.tenant': null }],
    ['an object', { 'app.tenant': {} }],
    ['NaN', { 'app.tenant': Number.NaN }],
    ['no settings', undefined],
  ])('refuses %s', async (_, settings) => {
    await expect(withSettings(open(), settings as Settings, tenantOf)).rejects.toBeInstanceOf(InvalidOptionError)
  })

  it('never shows a value that it refuses', async () => {
    const settings = { 'app.tenant': ['secret-value'] } as unknown as Settings
    await expect(withSettings(open(), settings, tenantOf)).rejects.not.toThrow('secret-value')
  })

  it('refuses what is neither a pool nor a client', async () => {
    await expect(withSettings({} as pg.Pool, {}, tenantOf)).rejects.toBeInstanceOf(InvalidOptionError)
  })
})

describe('withAdvisoryLock', () => {
  const keys = [7, -1n, 9_007_199_254_740_991, 'nightly', [1, -2]] as const

  it.each(keys)('admits one at a time: %s', async (key) => {
    const pool = open()
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all(Array.from({ length: 4 }, () => withAdvisoryLock(pool, key, work)))
    expect(most).toBe(1)
    expect((await direct.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).rowCount).toBe(0)
  })

  it('answers at once where it must not wait', async () => {
    const other = open()
    const both = await withAdvisoryLock(open(), 'a', async () =>
      withAdvisoryLock(other, 'a', () => Promise.resolve('inner'), { wait: false }),
    )
    expect(both).toEqual({ acquired: true, result: { acquired: false } })
  })

  it('answers after the wait, in a transaction of its own', async () => {
    const other = open()
    const both = await withAdvisoryLock(open(), 'a', async () =>
      withAdvisoryLock(other, 'a', () => Promise.resolve('inner'), { wait: 20 }),
    )
    expect(both).toEqual({ acquired: true, result: { acquired: false } })
  })

  it('answers after the wait, and the open transaction lives on', async () => {
    const other = open()
    const seen = await withAdvisoryLock(open(), 'a', async () =>
      withSettings(other, { 'app.tenant': 'x', lock_timeout: '7s' }, async (client) => {
        const inner = await withAdvisoryLock(client, 'a', () => Promise.resolve(), { wait: 20 })
        const { rows } = await client.query<{ lock_timeout: string }>('SHOW lock_timeout')
        return [inner, await tenantOf(client), rows[0]?.lock_timeout]
      }),
    )
    expect(seen.result).toEqual([{ acquired: false }, 'x', '7s'])
  })

  it('leaves lock_timeout as it was for the statements of the function', async () => {
    const pool = open()
    const seen = await withAdvisoryLock(pool, 'b', (client) => client.query('SHOW lock_timeout'), { wait: 5000 })
    expect(seen.result?.rows).toEqual([{ lock_timeout: '0' }])
  })

  it.each<[string, unknown, object]>([
    ['a fraction', 1.5, {}],
    ['a bigint of 65 bits', 2n ** 64n, {}],
    ['a pair of 64 bits', [2 ** 33, 1], {}],
    ['three numbers', [1, 2, 3], {}],
    ['an empty text', '', {}],
    ['nothing', undefined, {}],
    ['a negative wait', 1, { wait: -1 }],
    ['a wait of 0', 1, { wait: 0 }],
    ['an unknown option', 1, { waitMillis: 5 }],
  ])('refuses %s', async (_, key, options) => {
    const refused = withAdvisoryLock(open(), key as number, () => Promise.resolve(), options)
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError)
  })
})
