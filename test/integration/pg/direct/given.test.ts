import { createGuard, InvalidOptionError, poolers } from '@poolsafe/core'
import { guardPool, listen, PooledConnectionError, poolStatistics, withSession } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BehindPooler, onClient, pidOf } from './behind-pooler.ts'

let behind: BehindPooler
const pools: pg.Pool[] = []
beforeAll(async () => void (behind = await BehindPooler.start()))
afterEach(async () => {
  await behind.endPools()
  for (const pool of pools.splice(0)) if (!pool.ending) await pool.end()
})
afterAll(() => behind.stop())

function open(connectionString: string, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, ...config })
  pools.push(pool)
  return pool
}

const silent = { logger: { warn: () => {} }, pooler: poolers.pgbouncer({ version: '1.18' }) }

describe('the option direct', () => {
  it('may be a URL: its pool is small, and ends with the guarded one', async () => {
    const pool = guardPool(open(behind.pooler.url), createGuard(silent), { direct: behind.server.url })
    await onClient(pool, async (client) => {
      await client.query('LISTEN a')
      expect(await pidOf(client)).toBe(client.processID)
    })
    await pool.end()
    const { rows } = await open(behind.server.url).query(
      "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'DISCARD%' AND datname = current_database()",
    )
    expect(rows).toEqual([{ count: 0 }])
  })

  it('prepares each session by its own hook, and by that of the pool if poolsafe makes it', async () => {
    const onConnect = async (client: pg.ClientBase): Promise<void> => void (await client.query("SET app.zone = 'hook'"))
    const config = { max: 1, onConnect } as pg.PoolConfig
    const url = guardPool(open(behind.pooler.url, config), createGuard(silent), { direct: behind.server.url })
    const own = guardPool(open(behind.pooler.url), createGuard(silent), { direct: open(behind.server.url, config) })
    for (const pool of [url, own]) {
      for (let session = 0; session < 3; session++) {
        await onClient(pool, async (client) => {
          await client.query('LISTEN a')
          const { rows } = await client.query("SELECT current_setting('app.zone', true) AS zone")
          expect(rows).toEqual([{ zone: 'hook' }])
          await client.query("SET app.zone = 'mine'")
        })
      }
    }
  })

  it('closes a connection whose hook fails after a session', async () => {
    let calls = 0
    const onConnect = (): Promise<void> => (calls++ === 1 ? Promise.reject(new Error('the hook')) : Promise.resolve())
    const direct = open(behind.server.url, { max: 1, onConnect })
    const pool = guardPool(open(behind.pooler.url), createGuard(silent), { direct })
    const pidOfListener = async (): Promise<number> =>
      onClient(pool, async (client) => {
        await client.query('LISTEN a')
        return pidOf(client)
      })
    expect(await pidOfListener()).not.toBe(await pidOfListener())
  })

  it('keeps what its own configuration sets', async () => {
    const direct = open(behind.server.url, { max: 1, options: '-c search_path=tenant' })
    const pool = guardPool(open(behind.pooler.url), createGuard(silent), { direct })
    for (let session = 0; session < 2; session++) {
      await onClient(pool, async (client) => {
        await client.query('LISTEN a; SET search_path = other')
      })
      await onClient(pool, async (client) => {
        await client.query('LISTEN a')
        expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'tenant' }])
      })
    }
  })

  it('may serve several pools of one guard', async () => {
    const guard = createGuard(silent)
    const direct = open(behind.server.url, { max: 1 })
    const all = [1, 2].map(() => guardPool(open(behind.pooler.url), guard, { direct }))
    for (const pool of all) await onClient(pool, (client) => client.query('LISTEN a'))
    expect(poolStatistics(direct)).toMatchObject({ size: 1, acquired: 2 })
  })

  it.each<[string, (pool: pg.Pool) => unknown, string]>([
    ['the pool itself', (pool) => pool, 'another pool'],
    ['a client', () => new pg.Client(behind.server.url), 'a client serves one checkout'],
    ['a pool with another guard', () => guardPool(open(behind.server.url), createGuard(silent)), 'without a guard'],
    ['no pool', () => ({}), 'a pool of node-postgres'],
    ['null', () => null, 'a pool of node-postgres'],
    ['no URL', () => 'localhost', 'postgres'],
  ])('is refused at construction: %s', (_name, given, message) => {
    const pool = open(behind.pooler.url)
    const call = (): unknown => guardPool(pool, createGuard(silent), { direct: given(pool) as pg.Pool })
    expect(call).toThrow(InvalidOptionError)
    expect(call).toThrow(message)
  })

  it('is refused at construction: a pool that has ended', async () => {
    const ended = open(behind.server.url)
    await ended.end()
    expect(() => guardPool(open(behind.pooler.url), createGuard(silent), { direct: ended })).toThrow('has not ended')
  })

  it('is refused at construction: a URL that names a pooler', () => {
    const direct = 'postgresql://a:secret@aws-0-eu.pooler.supabase.com:6543/postgres'
    const call = (): unknown => guardPool(open(behind.pooler.url), createGuard(silent), { direct })
    expect(call).toThrow(PooledConnectionError)
    expect(call).not.toThrow('secret')
  })

  it('is refused at its first connection if it goes through a pooler', async () => {
    const pool = guardPool(open(behind.pooler.url), createGuard(silent), { direct: open(behind.pooler.url) })
    const error = await onClient(pool, (client) => client.query('LISTEN a').catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(PooledConnectionError)
    expect((error as Error).message).toContain('process id')
  })

  it('is not touched with mode off', async () => {
    const direct = open(behind.server.url)
    guardPool(open(behind.pooler.url), { mode: 'off' }, { direct })
    expect(poolStatistics(direct)).toBeUndefined()
  })
})

describe('which statements move a checkout', () => {
  it('none of a rule that says something else', async () => {
    const { pool, moved } = behind.open({}, { rules: { 'session/listen': 'warn', 'session/set': 'allow' } })
    await onClient(pool, (client) => client.query("LISTEN a; SET work_mem = '7MB'; UNLISTEN *; RESET work_mem"))
    expect(moved).toEqual([])
  })

  it('none of pool.query, and none inside a transaction', async () => {
    const { pool, moved } = behind.open({}, { mode: 'warn' })
    await pool.query('LISTEN a')
    await onClient(pool, async (client) => {
      await client.query('BEGIN')
      await client.query('LISTEN b')
      await client.query('ROLLBACK')
    })
    expect(moved).toEqual([])
  })

  it.each(['DISCARD ALL', 'RESET ALL', 'UNLISTEN *', 'SELECT pg_advisory_unlock(1)', 'EXECUTE a'])(
    'none that is about state of before: %s',
    async (text) => {
      const { pool, moved } = behind.open()
      await onClient(pool, (client) => client.query(text).catch(() => {}))
      expect(moved).toEqual([])
    },
  )

  it('none that a direct connection would not help', async () => {
    const { pool, moved } = behind.open()
    await onClient(pool, (client) => client.query("SET LOCAL work_mem = '7MB'"))
    expect(moved).toEqual([])
  })

  it('are counted by rule', async () => {
    const { pool, guard } = behind.open({}, { rules: { 'session/set': 'direct' } })
    await onClient(pool, (client) => client.query("SET work_mem = '7MB'"))
    expect(guard.stats().movedFindings).toEqual({ 'session/set': 1 })
  })

  it('none where the pooler keeps what a direct connection does not have', async () => {
    // Neon and others pin; here the profile says so of temporary tables.
    const pooler = { ...silent.pooler, carries: { ...silent.pooler.carries, 'temp-object': 'pinned' as const } }
    const { pool, moved, logged } = behind.open({}, { pooler })
    await onClient(pool, async (client) => {
      await client.query('CREATE TEMP TABLE kept (a int)')
      await client.query('LISTEN a')
    })
    expect(moved).toEqual([])
    expect(logged.some((line) => line.includes('stays on its pooled connection'))).toBe(true)
    await pool.query('DROP TABLE IF EXISTS kept; UNLISTEN *')
  })
})

describe('settings that the pooler tracks', () => {
  it('are taken along, and stay with the pooled connection', async () => {
    const { pool, moved } = behind.open()
    await onClient(pool, async (client) => {
      await client.query("SET TIME ZONE 'Asia/Tokyo'; SET application_name = 'mine'")
      expect(moved).toEqual([])
      await client.query('LISTEN a')
      expect(
        (await client.query("SELECT current_setting('TimeZone') AS a, current_setting('application_name') AS b")).rows,
      ).toEqual([{ a: 'Asia/Tokyo', b: 'mine' }])
    })
    expect((await pool.query('SHOW TimeZone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }])
  })

  it('are read from the pooler where the server reports them to nobody', async () => {
    const settings = { work_mem: 'tracked' as const }
    const { pool } = behind.open({}, { pooler: { ...silent.pooler, settings } })
    await onClient(pool, async (client) => {
      await client.query('BEGIN')
      await client.query("SET work_mem = '7MB'")
      await client.query('COMMIT')
      await client.query('LISTEN a')
      expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }])
    })
    await pool.query('RESET work_mem')
  })
})

describe('helpers take the guarded pool', () => {
  it('withSession', async () => {
    const { pool, direct } = behind.open()
    const pid = await withSession(pool, (client) => pidOf(client))
    expect(pid).toBe(await pidOf(direct))
  })

  it('listen', async () => {
    const { pool } = behind.open()
    const heard = Promise.withResolvers<string>()
    await using _listener = await listen(pool, { a: (payload) => heard.resolve(payload) })
    await pool.query("NOTIFY a, 'b'")
    expect(await heard.promise).toBe('b')
  })
})
