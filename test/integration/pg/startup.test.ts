import { createGuard, poolers, UnsafeStatementError, type FindingEvent, type PoolerProfile } from '@poolsafe/core'
import { guardClient, guardPool } from '@poolsafe/pg'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { strict } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

let postgres: SharedPostgres
let serverVersion: number

beforeAll(async () => {
  postgres = await sharedPostgres()
  const client = new pg.Client(postgres.url)
  await client.connect()
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  )
  serverVersion = (rows[0] as { version: number }).version
  await client.end()
})

afterAll(() => postgres.stop())

/** The pool's own messages, and the place that shows if the server has received the parameter. */
interface Case {
  readonly config: pg.PoolConfig
  readonly setting: string
  readonly value: string
}

const cases: readonly Case[] = [
  { config: { statement_timeout: 54_321 }, setting: 'statement_timeout', value: '54321' },
  { config: { lock_timeout: 54_321 }, setting: 'lock_timeout', value: '54321' },
  {
    config: { idle_in_transaction_session_timeout: 54_321 },
    setting: 'idle_in_transaction_session_timeout',
    value: '54321',
  },
  { config: { options: '-c search_path=pg_temp' }, setting: 'search_path', value: 'pg_temp' },
  { config: { options: '-c lock_timeout=54321' }, setting: 'lock_timeout', value: '54321' },
  { config: { options: '-c IntervalStyle=iso_8601' }, setting: 'IntervalStyle', value: 'iso_8601' },
  { config: { application_name: 'orders' }, setting: 'application_name', value: 'orders' },
  { config: { query_timeout: 54_321 }, setting: 'statement_timeout', value: '0' },
]

async function observe(url: string, { config, setting, value }: Case): Promise<'kept' | 'rejected' | 'ignored'> {
  const client = new pg.Client({ connectionString: url, ...config })
  try {
    await client.connect()
    const { rows } = await client.query<{ is: string }>('SELECT setting AS is FROM pg_settings WHERE name = $1', [
      setting,
    ])
    return rows[0]?.is === value ? 'kept' : 'ignored'
  } catch (error) {
    expect((error as pg.DatabaseError).code).toBe('08P01')
    return 'rejected'
  } finally {
    await client.end()
  }
}

/** The messages of the guard about the same configuration. */
function judge(pooler: PoolerProfile, config: pg.PoolConfig): FindingEvent[] {
  const seen: FindingEvent[] = []
  const guard = createGuard({ pooler, logger: { warn() {} } })
  guard.on('finding', (event) => void seen.push(event))
  guardPool(new pg.Pool(config), guard)
  return seen
}

function outcomeOf([first]: readonly FindingEvent[]): string {
  return first?.findings[0].outcome ?? 'kept'
}

describe('startup parameters', () => {
  it.each(cases)('reach PostgreSQL itself, where nothing is found: %#', async (each) => {
    expect(await observe(postgres.url, each)).toBe('kept')
    expect(judge(poolers.direct(), each.config)).toEqual([])
  })

  describe('behind PgBouncer', () => {
    let pooler: PgBouncerServer
    beforeAll(async () => {
      pooler = await startPgBouncer({ target: postgres })
    })
    afterAll(() => pooler.stop())

    it.each(cases)('fare as the guard says: %#', async (each) => {
      const profile = poolers.pgbouncer({ version: pooler.version, serverVersion })
      expect(outcomeOf(judge(profile, each.config))).toBe(await observe(pooler.url, each))
    })
  })

  it('are ignored where PgBouncer is told to', async () => {
    const pooler = await startPgBouncer({
      target: postgres,
      settings: { ignore_startup_parameters: 'statement_timeout' },
    })
    const profile = poolers.pgbouncer({ version: pooler.version, ignoreStartupParameters: ['statement_timeout'] })
    const [each] = cases as [Case]
    expect(await observe(pooler.url, each)).toBe('ignored')
    expect(outcomeOf(judge(profile, each.config))).toBe('ignored')
    await pooler.stop()
  })
})

describe('guardPool', () => {
  it.each<[string, pg.PoolConfig]>([
    ['the configuration', { statement_timeout: 5000 }],
    ['the URL', { connectionString: 'postgresql://app:geheim@db.example/shop?statement_timeout=5000' }],
    [
      'options in the URL',
      { connectionString: 'postgresql://app:geheim@db.example/shop?options=-c%20statement_timeout%3D5000' },
    ],
    ['options', { options: '-c statement_timeout=5000' }],
    ['replication', { replication: 'database' } as pg.PoolConfig],
  ])('throws at construction in strict mode, and shows no value: %s', (_name, config) => {
    const attempt = (): unknown => guardPool(new pg.Pool(config), strict)
    expect(attempt).toThrow(UnsafeStatementError)
    const error = failure(attempt)
    expect(error.rule).toBe('connection/startup-parameter')
    expect(error.message).toContain('test/integration/pg/startup.test.ts')
    expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/5000|geheim|db\.example/)
  })

  it('reads what pg reads from the environment', () => {
    process.env.PGOPTIONS = '-c work_mem=1MB'
    try {
      expect(failure(() => guardPool(new pg.Pool(), strict)).message).toContain('the startup parameter options')
    } finally {
      delete process.env.PGOPTIONS
    }
  })

  it('knows what the oldest pg logs in with', () => {
    expect(failure(() => guardPool(new pgOldest.Pool({ lock_timeout: 5000 }), strict)).message).toContain(
      'lock_timeout',
    )
  })

  it('opens no connection, calls no function of the configuration and asks for no password', async () => {
    const calls: string[] = []
    const called = (name: string) => (): never => {
      calls.push(name)
      throw new Error(name)
    }
    const pool = guardPool(
      new pg.Pool({ password: called('password'), stream: called('stream'), onConnect: called('onConnect') }),
    )
    expect(calls).toEqual([])
    expect(pool.totalCount).toBe(0)
    await pool.end()
  })

  it("leaves a configuration that pg refuses to pg's own error", async () => {
    const pool = guardPool(new pg.Pool({ connectionString: 'postgresql://%' }), strict)
    await expect(async () => pool.query('SELECT 1')).rejects.toThrow('URI malformed')
  })

  it('leaves labels of the connection alone', () => {
    const config = {
      application_name: 'web',
      fallback_application_name: 'node',
      client_encoding: 'UTF8',
      query_timeout: 5000,
    }
    expect(guardPool(new pg.Pool(config), strict)).toBeInstanceOf(pg.Pool)
  })
})

describe('guardClient', () => {
  it('throws for a client that would log in with such a parameter', () => {
    const error = failure(() => guardClient(new pg.Client({ lock_timeout: 5000 }), strict))
    expect(error.message).toContain('the startup parameter lock_timeout')
    expect(guardClient(new pg.Client({ lock_timeout: 5000 }), { ...strict, pooler: poolers.direct() })).toBeInstanceOf(
      pg.Client,
    )
  })
})

function failure(work: () => unknown): UnsafeStatementError {
  try {
    work()
  } catch (error) {
    return error as UnsafeStatementError
  }
  throw new Error('nothing was thrown')
}
