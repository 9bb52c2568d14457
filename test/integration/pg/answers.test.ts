import { createGuard, UnsafeStatementError, type FindingEvent, type GuardOptions, type RuleId } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
  await withPool({ mode: 'off' }, (pool) => pool.query('CREATE TABLE t (id int PRIMARY KEY)'))
})

afterAll(() => server.stop())

/** Findings about answers only. */
const only = (policy: 'warn' | 'throw'): NonNullable<GuardOptions['rules']> => ({
  'session/advisory-lock': 'allow',
  'session/named-statement': 'allow',
  'session/unlock-not-held': policy,
  'transaction/commit-rolled-back': policy,
})

async function withPool(
  options: GuardOptions,
  work: (pool: pg.Pool) => Promise<unknown>,
  url = server.url,
): Promise<FindingEvent[]> {
  const seen: FindingEvent[] = []
  const guard = createGuard({ logger: { warn() {} }, ...options })
  guard.on('finding', (event) => void seen.push(event))
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
  return seen
}

/** Runs `work` on a client and always releases it. */
async function onClient(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  try {
    await work(client)
  } finally {
    client.release()
  }
}

const unlock = 'SELECT pg_advisory_unlock(42)'

type Send = (client: pg.PoolClient | pg.Pool, sql: string) => Promise<unknown>

const byCallback = (send: (callback: (error: Error | null, result?: unknown) => void) => void): Promise<unknown> =>
  new Promise((resolve, reject) => send((error, result) => (error ? reject(error) : resolve(result))))

const forms: readonly (readonly [string, Send])[] = [
  ['a promise', (client, sql) => client.query(sql)],
  ['a promise, with a configuration', (client, sql) => client.query({ text: sql })],
  ['a promise, with arrays for rows', (client, sql) => client.query({ text: sql, rowMode: 'array' })],
  ['a promise, of a named statement', (client, sql) => client.query({ name: 'n', text: sql })],
  ['a promise, with values', (client, sql) => client.query(sql.replace('42', '$1'), sql.includes('42') ? [42] : [])],
  ['a callback', (client, sql) => byCallback((callback) => client.query(sql, callback as never))],
  ['a callback after values', (client, sql) => byCallback((callback) => client.query(sql, [], callback as never))],
]

const clientForms: readonly (readonly [string, Send])[] = [
  ...forms,
  [
    'a callback in the configuration',
    (client, sql) => byCallback((callback) => client.query({ text: sql, callback } as never)),
  ],
  [
    'a pg.Query with a callback',
    (client, sql) => byCallback((callback) => client.query(new pg.Query(sql, callback as never))),
  ],
  [
    'a pg.Query with a callback, and an argument that pg ignores',
    (client, sql) =>
      byCallback((callback) => {
        const ignored = (): never => {
          throw new Error('pg has called it')
        }
        void client.query(new pg.Query(sql, callback as never) as never, ignored as never)
      }),
  ],
  [
    'a pg.Query of events',
    (client, sql) =>
      new Promise((resolve, reject) => {
        const query = (client as pg.PoolClient).query(new pg.Query(sql))
        query.on('error', reject)
        query.on('end', resolve)
      }),
  ],
]

/** Begins a transaction that fails, and swallows its error. */
async function abort(client: pg.PoolClient): Promise<void> {
  await client.query('BEGIN')
  await client.query('INSERT INTO t VALUES (1)')
  await client.query('INSERT INTO t VALUES (1)').catch(() => {})
}

function rulesOf(findings: readonly FindingEvent[]): RuleId[] {
  return findings.flatMap((event) => event.findings.map(({ rule }) => rule))
}

describe.each(clientForms)('client.query with %s', (form, send) => {
  it('reports that an unlock found no lock, and still returns the answer', async () => {
    const answers: unknown[] = []
    const findings = await withPool({ rules: only('warn') }, (pool) =>
      onClient(pool, async (client) => answers.push(await send(client, unlock))),
    )
    expect(rulesOf(findings)).toEqual(['session/unlock-not-held'])
    expect(answers).toMatchObject([{ command: 'SELECT', rowCount: 1 }])
    expect(findings[0]?.message).toContain(
      'pg_advisory_unlock returned false: this server session did not hold the lock',
    )
  })

  it('rejects it in strict mode, and says that it was sent', async () => {
    const findings = await withPool({ mode: 'strict', rules: only('throw') }, (pool) =>
      onClient(pool, async (client) => {
        const error: unknown = await send(client, unlock).catch((caught: unknown) => caught)
        expect(error).toBeInstanceOf(UnsafeStatementError)
        expect(error).toMatchObject({ rule: 'session/unlock-not-held', outcome: 'lost', wasSent: true })
        expect((error as Error).message).toContain('sent       yes: poolsafe rejects what was answered already')
        if (form.startsWith('a promise')) expect((error as Error).stack).toContain('answers.test.ts')
        expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      }),
    )
    expect(rulesOf(findings)).toEqual(['session/unlock-not-held'])
  })

  it('finds nothing where the lock was held', async () => {
    const findings = await withPool({ mode: 'strict', rules: only('throw') }, (pool) =>
      onClient(pool, async (client) => {
        await client.query('SELECT pg_advisory_lock(42)')
        await send(client, unlock)
      }),
    )
    expect(findings).toEqual([])
  })

  it('reports that a COMMIT was answered with ROLLBACK', async () => {
    const findings = await withPool({ rules: only('warn') }, (pool) =>
      onClient(pool, async (client) => {
        await abort(client)
        await send(client, 'COMMIT')
        expect((await client.query('SELECT * FROM t')).rows).toEqual([])
      }),
    )
    expect(rulesOf(findings)).toEqual(['transaction/commit-rolled-back'])
  })

  it('rejects such a COMMIT in strict mode, after which the connection is as good as ever', async () => {
    await withPool({ mode: 'strict', rules: only('throw') }, (pool) =>
      onClient(pool, async (client) => {
        await abort(client)
        const error: unknown = await send(client, 'COMMIT').catch((caught: unknown) => caught)
        expect(error).toMatchObject({ rule: 'transaction/commit-rolled-back', outcome: 'ineffective', wasSent: true })
        await client.query('BEGIN')
        await send(client, 'COMMIT')
      }),
    )
  })
})

describe.each(forms)('pool.query with %s', (_form, send) => {
  it('reports that an unlock found no lock, and rejects it in strict mode', async () => {
    expect(rulesOf(await withPool({ rules: only('warn') }, (pool) => send(pool, unlock)))).toEqual([
      'session/unlock-not-held',
    ])
    await withPool({ mode: 'strict', rules: only('throw') }, async (pool) => {
      await expect(send(pool, unlock)).rejects.toMatchObject({ rule: 'session/unlock-not-held', wasSent: true })
    })
  })
})

describe('pool.query', () => {
  const ignored = (): never => {
    throw new Error('pg has called it')
  }

  it.each([
    [
      'a callback in the configuration, which pg-pool overrides',
      () => ({ text: unlock, callback: ignored }) as pg.QueryConfig,
    ],
    ['a pg.Query', () => new pg.Query(unlock) as unknown as pg.QueryConfig],
  ])('with %s answers as an unguarded one does, and tells', async (_form, make) => {
    const rows = [{ pg_advisory_unlock: false }]
    await withPool({ mode: 'off' }, async (pool) => expect(await pool.query(make())).toMatchObject({ rows }))
    const findings = await withPool({ rules: only('warn') }, async (pool) => {
      expect(await pool.query(make())).toMatchObject({ rows })
    })
    expect(rulesOf(findings)).toEqual(['session/unlock-not-held'])
    await withPool({ mode: 'strict', rules: only('throw') }, async (pool) => {
      await expect(pool.query(make())).rejects.toMatchObject({ rule: 'session/unlock-not-held', wasSent: true })
    })
  })
})

describe('an answer', () => {
  it.each([
    ['SELECT pg_advisory_unlock(42) AS unlocked', 1],
    ['SELECT pg_advisory_unlock_shared(1, 2)', 1],
    ['SELECT pg_catalog.pg_advisory_unlock(id) FROM generate_series(1, 2) AS id', 1],
    ['SELECT 1; SELECT pg_advisory_unlock(42)', 1],
    ['SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(42)', 0],
    ['SELECT pg_try_advisory_lock(42), false AS pg; SELECT false, pg_advisory_unlock(42)', 0],
    ['SELECT false AS pg_advisory_unlock', 0],
    ['SELECT pg_advisory_unlock(42) WHERE false', 0],
    ['BEGIN; SELECT 1; COMMIT', 0],
    ['BEGIN; ROLLBACK', 0],
    ['BEGIN; SAVEPOINT a; ROLLBACK TO a; COMMIT', 0],
    ['COMMIT', 0],
  ])('to %s gives %i findings', async (sql, count) => {
    expect(
      await withPool({ rules: only('warn') }, (pool) => onClient(pool, (client) => client.query(sql))),
    ).toHaveLength(count)
  })

  it.each(['COMMIT; SELECT 1', "PREPARE TRANSACTION 'x'", 'END', 'COMMIT AND CHAIN; COMMIT', 'ROLLBACK TO a; COMMIT'])(
    'to %s in an aborted transaction tells where it was rolled back',
    async (sql) => {
      const findings = await withPool({ rules: only('warn') }, (pool) =>
        onClient(pool, async (client) => {
          await client.query('BEGIN; SAVEPOINT a')
          await client.query('SELECT 1/0').catch(() => {})
          await client.query(sql)
        }),
      )
      expect(rulesOf(findings)).toEqual(sql.includes('TO a') ? [] : ['transaction/commit-rolled-back'])
    },
  )

  it('leaves the configuration of the application as it was', async () => {
    await withPool({ rules: only('warn') }, (pool) =>
      onClient(pool, async (client) => {
        const callback = (): void => {}
        const config = Object.freeze({ text: unlock, callback })
        client.query(config as never)
        await client.query('SELECT 1')
        expect(config.callback).toBe(callback)
      }),
    )
  })

  it('is logged once for each statement', async () => {
    const warnings: string[] = []
    const rules = only('warn')
    const guard = createGuard({ rules, logger: { warn: (message) => void warnings.push(message) } })
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    for (let round = 0; round < 3; round++) await pool.query(unlock)
    await pool.end()
    expect(warnings).toEqual([expect.stringContaining('sent       yes: this is what the server answered')])
    expect(warnings.join()).not.toContain('42')
  })

  it('gives away the lock that a pooler has stranded', async () => {
    const pooler = await startPgBouncer({ target: server, defaultPoolSize: 2 })
    const findings = await withPool(
      { rules: only('warn') },
      (pool) =>
        onClient(pool, async (client) => {
          await client.query('SELECT pg_advisory_lock(42)')
          const stranger = new pg.Client(pooler.url).on('error', () => {})
          await stranger.connect()
          await stranger.query('BEGIN')
          await client.query(unlock)
          await stranger.end()
        }),
      pooler.url,
    )
    expect(rulesOf(findings)).toEqual(['session/unlock-not-held'])
    await pooler.stop()
  })
})
