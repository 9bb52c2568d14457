import { createGuard, poolers } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { once } from 'node:events'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { BehindPooler, onClient, pidOf, type Client } from './behind-pooler.ts'

let behind: BehindPooler
beforeAll(async () => void (behind = await BehindPooler.start()))
afterEach(() => behind.endPools())
afterAll(() => behind.stop())

describe('a checkout whose statement needs a session', () => {
  it('moves to a direct connection until its release', async () => {
    const { pool, moved, logged } = behind.open()
    await onClient(pool, async (client) => {
      await client.query("SET work_mem = '7MB'")
      expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }])
      expect(await pidOf(client)).toBe(client.processID)
    })
    expect(moved).toMatchObject([
      { findings: [{ rule: 'session/set' }], place: expect.stringContaining('moving.test.ts') as unknown },
    ])
    expect(logged.filter((line) => line.includes('session/set'))).toEqual([])
    await onClient(pool, async (client) => {
      expect((await client.query('SHOW work_mem')).rows).not.toEqual([{ work_mem: '7MB' }])
      expect(await pidOf(client)).not.toBe(client.processID)
    })
  })

  it('gives its pooled connection to the next caller', async () => {
    const { pool, direct } = behind.open()
    await onClient(pool, async (client) => {
      const { processID } = client
      await client.query('LISTEN a')
      expect(await onClient(pool, async (other) => other.processID)).toBe(processID)
      expect(await pidOf(pool)).not.toBe(client.processID)
      expect(poolStatistics(pool)).toMatchObject({ size: 1, active: 0 })
      expect(poolStatistics(direct)).toMatchObject({ size: 1, active: 1 })
    })
  })

  it('hears its notifications and notices, and is seen through the same object', async () => {
    const { pool } = behind.open()
    await onClient(pool, async (client) => {
      expect(client).toBeInstanceOf(pg.Client)
      const notices: unknown[] = []
      client.on('notice', (notice) => void notices.push(notice.message))
      const heard = once(client, 'notification')
      await client.query('LISTEN a')
      await pool.query("NOTIFY a, 'b'")
      expect(await heard).toMatchObject([{ channel: 'a', payload: 'b' }])
      await client.query("DO $$ BEGIN RAISE NOTICE 'c'; END $$")
      expect(notices).toEqual(['c'])
      await client.query('BEGIN')
      expect(client.getTransactionStatus()).toBe('T')
      await client.query('ROLLBACK')
    })
  })

  it('leaves nothing to the next holder of the direct connection', async () => {
    const { pool, direct } = behind.open()
    const state = `SELECT current_setting('work_mem') <> '7MB' AND NOT EXISTS (SELECT FROM pg_prepared_statements)
      AND NOT EXISTS (SELECT FROM pg_listening_channels()) AND to_regclass('pg_temp.a') IS NULL
      AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS is_clean`
    const pid = await onClient(pool, async (client) => {
      await client.query("SET work_mem = '7MB'; LISTEN a; CREATE TEMP TABLE a (b int); SELECT pg_advisory_lock(1)")
      await client.query({ name: 'named', text: 'SELECT $1::int', values: [1] })
      return client.processID
    })
    await onClient(direct, async (client) => {
      expect(client.processID).toBe(pid)
      expect((await client.query(state)).rows).toEqual([{ is_clean: true }])
      expect((await client.query({ name: 'named', text: 'SELECT $1::int AS a', values: [2] })).rows).toEqual([{ a: 2 }])
    })
  })
})

describe.each([
  ['the oldest pg', () => new pgOldest.Pool({ connectionString: behind.pooler.url, max: 1 })],
  ['pipeline mode', () => new pg.Pool({ connectionString: behind.pooler.url, max: 1, pipeline: true })],
])('%s', (_name, open) => {
  it('moves, and its pooled connection goes back', async () => {
    const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn: () => {} } })
    const pool = guardPool(open(), guard, { direct: behind.server.url })
    await onClient(pool, async (client) => {
      const [, , pid] = await Promise.all([client.query('LISTEN a'), client.query('SELECT 1'), pidOf(client)])
      expect(pid).toBe(client.processID)
      expect(await pidOf(pool)).not.toBe(pid)
      const heard = once(client, 'notification')
      await pool.query("NOTIFY a, 'b'")
      expect(await heard).toMatchObject([{ payload: 'b' }])
    })
    await pool.end()
  })
})

describe('hooks and events of the pool', () => {
  it('do not move a client, also when its connection goes back', async () => {
    const { pool, moved } = behind.open({ max: 2 })
    const seen: string[] = []
    pool.on('connect', (client) => {
      seen.push('connect')
      void client.query("SET work_mem = '7MB'")
    })
    pool.on('remove', () => seen.push('remove'))
    await onClient(pool, async (client) => {
      await client.query('LISTEN a')
      expect(await pidOf(pool)).toBeGreaterThan(0)
    })
    expect(moved.map(({ findings: [{ rule }] }) => rule)).toEqual(['session/listen'])
    expect(seen).toEqual(['connect', 'remove', 'connect'])
    await pool.query('RESET work_mem')
  })

  it.each([
    [
      'repair',
      'no: no transaction is open, so nothing would take it back; begin a transaction, because a connection that a hook',
    ],
    ['warn', 'session/set'],
  ] as const)('with the policy %s, a finding of a hook gives the reason that the pool has', async (policy, reason) => {
    const { pool, logged } = behind.open({}, { rules: { 'session/set': policy } })
    pool.on('connect', (client) => void client.query("SET work_mem = '7MB'"))
    await onClient(pool, (client) => client.query('SELECT 1'))
    expect(logged.join()).toContain(reason)
    expect(logged.join()).not.toContain('give the pool a direct pool')
    await pool.query('RESET work_mem')
  })

  it('pool.connect with a callback moves as well', async () => {
    const { pool } = behind.open()
    const pid = await new Promise((resolve, reject) => {
      pool.connect((error, given, done) => {
        if (given === undefined) return reject(error ?? new Error('no client'))
        const client = given as Client
        client.query('LISTEN a', (failure) => {
          const { processID } = client
          done(failure)
          resolve(processID)
        })
      })
    })
    expect(pid).not.toBeNull()
    expect(await pidOf(pool)).not.toBe(pid)
  })
})

it('a moved client is not kept alive by the timer of its lifetime', async () => {
  const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn: () => {} } })
  const config = { connectionString: behind.pooler.url, max: 1, maxLifetimeSeconds: 600 }
  const pool = guardPool(new pg.Pool(config), guard, { direct: behind.server.url })
  const client = await pool.connect()
  expect(client.listenerCount('end')).toBe(1)
  await client.query('LISTEN a')
  expect(client.listenerCount('end')).toBe(0)
  client.release()
  await pool.end()
})

describe('workloads behind a pooler', () => {
  it('a lock around migrations holds off the other deploys (authentik#23876)', async () => {
    const all = Array.from({ length: 6 }, () => behind.open({ max: 2 }))
    let inside = 0
    let most = 0
    const unlocked = await Promise.all(
      all.map(({ pool }) =>
        onClient(pool, async (client) => {
          await client.query('SELECT pg_advisory_lock($1)', [1000])
          most = Math.max(most, ++inside)
          await client.query('BEGIN')
          await client.query('SELECT 1')
          await client.query('COMMIT')
          inside--
          const { rows } = await client.query<{ ok: boolean }>('SELECT pg_advisory_unlock($1) AS ok', [1000])
          return rows[0]?.ok
        }),
      ),
    )
    expect(most).toBe(1)
    expect(unlocked).toEqual(all.map(() => true))
  })

  it('an index is built concurrently, with a timeout of its own (rails#31190)', async () => {
    const { pool } = behind.open()
    await onClient(pool, async (client) => {
      await client.query("SET lock_timeout = '5s'")
      await client.query('CREATE TABLE indexed (a int)')
      await client.query('CREATE INDEX CONCURRENTLY ON indexed (a)')
      expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '5s' }])
      await client.query('DROP TABLE indexed')
    })
  })
})
