import type { GuardOptions } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

interface Repairing extends Pick<RepairingGuard, 'sent' | 'found'> {
  readonly client: pg.PoolClient
  readonly stats: () => Record<string, number | undefined>
}

/** Runs `work` on a client that repairs, and asks the session afterwards. */
async function repairing<Result>(
  work: (repairing: Repairing) => Promise<Result>,
  options: GuardOptions = {},
  config: pg.PoolConfig = {},
): Promise<Result> {
  const { guard, sent, found } = repairingGuard(options)
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1, ...config }), guard)
  const client = await pool.connect()
  try {
    return await work({ client, sent, found, stats: () => guard.stats().repairedFindings })
  } finally {
    client.release()
    await pool.end()
  }
}

async function inTransaction(client: pg.PoolClient, ...statements: string[]): Promise<pg.QueryResult[]> {
  const results: pg.QueryResult[] = []
  for (const sql of ['BEGIN', ...statements, 'COMMIT']) results.push(await client.query(sql))
  return results
}

async function valueOf(client: pg.PoolClient, sql: string): Promise<unknown> {
  const { rows } = await client.query<Record<string, unknown>>(sql)
  return Object.values(rows[0] ?? {})[0]
}

describe('a setting in a transaction', () => {
  it('holds until its end, and not after it', async () => {
    await repairing(async ({ client, sent, found, stats }) => {
      const [, set, shown] = await inTransaction(client, "SET app.org_id = 'seven'", 'SHOW app.org_id')
      expect(set?.command).toBe('SET')
      expect(shown?.rows).toEqual([{ 'app.org_id': 'seven' }])
      expect(await valueOf(client, "SELECT current_setting('app.org_id', true)")).toBe('')
      expect(sent).toEqual(['SET LOCAL app.org_id = ?'])
      expect(found).toEqual([])
      expect(stats()).toEqual({ 'session/set': 1 })
    })
  })

  it('may be reset in it', async () => {
    await repairing(async ({ client, found }) => {
      await client.query('BEGIN')
      await client.query('SET work_mem = 65536')
      expect((await client.query('RESET work_mem')).command).toBe('RESET')
      expect(await valueOf(client, 'SHOW work_mem')).toBe('4MB')
      await client.query('COMMIT')
      expect(found).toEqual([])
    })
  })

  it('goes with the savepoint that is rolled back', async () => {
    await repairing(async ({ client, found }) => {
      await client.query('BEGIN')
      await client.query("SET app.a = 'one'")
      await client.query('SAVEPOINT s')
      await client.query("SET app.a = 'two'")
      await client.query('ROLLBACK TO s')
      expect(await valueOf(client, 'SHOW app.a')).toBe('one')
      await client.query('COMMIT AND CHAIN')
      expect(await valueOf(client, "SELECT current_setting('app.a', true)")).toBe('')
      await client.query('COMMIT')
      expect(found).toEqual([])
    })
  })

  it('is repaired in a text of several statements', async () => {
    await repairing(async ({ client, sent }) => {
      const results = await client.query("BEGIN; SET app.a = 'x;y'; SELECT 1 AS one; COMMIT; SELECT 2 AS two")
      expect((results as unknown as pg.QueryResult[]).map(({ command }) => command)).toEqual([
        'BEGIN',
        'SET',
        'SELECT',
        'COMMIT',
        'SELECT',
      ])
      expect(sent).toEqual(['BEGIN; SET LOCAL app.a = ?; SELECT ? AS one; COMMIT; SELECT ? AS two'])
    })
  })

  it('is repaired in pipeline mode, and while BEGIN has no answer', async () => {
    const work = async ({ client, sent }: Repairing): Promise<void> => {
      const answers = ['BEGIN', "SET app.a = 'x'", 'SHOW app.a', 'COMMIT'].map((sql) => client.query(sql))
      expect((await Promise.all(answers))[2]?.rows).toEqual([{ 'app.a': 'x' }])
      expect(sent).toHaveLength(1)
      expect(await valueOf(client, "SELECT current_setting('app.a', true)")).toBe('')
    }
    await repairing(work)
    await repairing(work, {}, { pipeline: true })
  })
})

describe('statements that are not repaired', () => {
  it('is what stands outside a transaction', async () => {
    await repairing(async ({ client, sent, found }) => {
      await client.query("SET app.a = 'x'")
      expect(sent).toEqual([])
      expect(found).toEqual([expect.stringContaining('no transaction is open')])
      expect(await valueOf(client, 'SHOW app.a')).toBe('x')
    })
  })

  it('is a cursor: it sends its own text', async () => {
    await repairing(async ({ client, sent, found }) => {
      await client.query('BEGIN')
      const cursor = client.query(new Cursor("SELECT set_config('app.a', 'x', false)"))
      expect(await cursor.read(1)).toEqual([{ set_config: 'x' }])
      await cursor.close()
      await client.query('COMMIT')
      expect(sent).toEqual([])
      expect(found).toEqual([expect.stringContaining('a text of its own')])
    })
  })

  it('is a rule with another policy, and what an exception allows', async () => {
    await repairing(
      async ({ client, sent }) => {
        await inTransaction(client, "SET app.a = 'x'")
        await inTransaction(
          client,
          "SELECT set_config('app.a', 'y', false) /* poolsafe-allow session/set-config: test */",
        )
        expect(await valueOf(client, 'SHOW app.a')).toBe('y')
        expect(sent).toEqual([])
      },
      { rules: { 'session/set': 'warn' } },
    )
  })

  it('stays refused in mode strict', async () => {
    await repairing(
      async ({ client, sent }) => {
        await client.query('BEGIN')
        await client.query("SET app.a = 'x'")
        await expect(client.query('LISTEN news')).resolves.toBeDefined()
        await expect(client.query('COMMIT')).rejects.toMatchObject({ rule: 'session/listen' })
        await client.query('ROLLBACK')
        expect(sent).toEqual(['SET LOCAL app.a = ?'])
      },
      { mode: 'strict', rules: { 'session/set': 'repair' } },
    )
  })

  it('is an aborted transaction', async () => {
    await repairing(async ({ client, sent }) => {
      await client.query('BEGIN')
      await expect(client.query('SELECT 1/0')).rejects.toThrow('division by zero')
      await expect(client.query("SET app.a = 'x'")).rejects.toMatchObject({ code: '25P02' })
      await client.query('ROLLBACK')
      expect(sent).toEqual([])
    })
  })
})

describe('a temporary table', () => {
  it.each([
    ['CREATE TEMP TABLE t (id int)', 'CREATE'],
    ['CREATE TEMP TABLE t (id int) ON COMMIT PRESERVE ROWS', 'CREATE'],
    ['CREATE TEMP TABLE t ON COMMIT DELETE ROWS AS SELECT 1 AS id', 'SELECT'],
    ['CREATE TABLE pg_temp.t (id int)', 'CREATE'],
    ['SELECT 1 AS id INTO TEMP t', 'SELECT'],
    ['WITH s AS (SELECT 1 AS id) SELECT id INTO TEMP t FROM s', 'SELECT'],
  ])('lasts until the end of its transaction: %s', async (sql, command) => {
    await repairing(async ({ client, found }) => {
      await client.query('BEGIN')
      const created = await client.query(sql)
      expect(created.command).toBe(command)
      expect(await valueOf(client, 'SELECT count(id)::int FROM t')).toBe(command === 'SELECT' ? created.rowCount : 0)
      await client.query('COMMIT')
      expect(await valueOf(client, "SELECT to_regclass('pg_temp.t')")).toBeNull()
      expect(found).toEqual([])
    })
  })
})

describe('an advisory lock', () => {
  it('is held until the end of the transaction, and its unlock answers as ever', async () => {
    await repairing(async ({ client, found }) => {
      await client.query('BEGIN')
      expect(
        (await client.query('SELECT pg_advisory_lock($1), 1 AS one', [42])).fields.map(({ name }) => name),
      ).toEqual(['pg_advisory_lock', 'one'])
      await client.query("SELECT pg_advisory_lock_shared(hashtext('job'))")
      expect((await client.query('SELECT pg_advisory_unlock(42)')).rows).toEqual([{ pg_advisory_unlock: true }])
      expect(await valueOf(client, "SELECT pg_advisory_unlock_shared(hashtext('job'))")).toBe(true)
      expect(found).toEqual([])
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(42)')).toBe(false)
      await client.query('COMMIT')
      expect(
        await valueOf(
          client,
          "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        ),
      ).toBe(0)
    })
  })

  it('that another session holds is not got, and its unlock is false', async () => {
    const other = new pg.Client(server.url)
    await other.connect()
    await other.query('SELECT pg_advisory_lock(7)')
    await repairing(async ({ client, found }) => {
      const notices: string[] = []
      client.on('notice', ({ message }) => void notices.push(message ?? ''))
      await client.query('BEGIN')
      expect(await valueOf(client, 'SELECT pg_try_advisory_lock(7)')).toBe(false)
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(7)')).toBe(false)
      expect(await valueOf(client, 'SELECT pg_try_advisory_lock(7)::int')).toBe(0)
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(7)')).toBe(false)
      const notOwned = "you don't own a lock of type ExclusiveLock"
      expect(notices).toEqual([notOwned, notOwned])
      await other.query('SELECT pg_advisory_unlock(7)')
      expect(await valueOf(client, 'SELECT pg_try_advisory_lock(7) AS got')).toBe(true)
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(7)')).toBe(true)
      await client.query('COMMIT')
      expect(found).toEqual([])
    })
    await other.end()
  })

  it('is not repaired where its answer is one of several', async () => {
    await repairing(async ({ client, sent }) => {
      await client.query('BEGIN')
      await client.query('SELECT false AS ok; SELECT pg_try_advisory_lock(8) AS ok')
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(8)')).toBe(true)
      await client.query('SELECT pg_try_advisory_lock(8) AS ok, false AS ok')
      expect(await valueOf(client, 'SELECT pg_advisory_unlock(8)')).toBe(true)
      await client.query('COMMIT')
      expect(sent).toEqual([])
    })
  })

  it('behind a savepoint is not repaired: ROLLBACK TO would release it', async () => {
    await repairing(async ({ client, sent, found }) => {
      await client.query('BEGIN')
      await client.query('SAVEPOINT s')
      await client.query('SELECT pg_advisory_lock(9)')
      expect(sent).toEqual([])
      expect(found).toEqual([expect.stringContaining('ROLLBACK TO')])
      await client.query('RELEASE s')
      await client.query('SELECT pg_advisory_unlock(9)')
      await client.query('COMMIT')
    })
  })
})

describe('every form of query', () => {
  const set = "SET app.a = 'x'"

  it('is repaired, and nothing that the application passes is changed', async () => {
    await repairing(async ({ client, sent }) => {
      const config = Object.freeze({ text: set })
      const named = Object.freeze({ name: 'set a', text: set })
      await client.query('BEGIN')
      await client.query(config)
      await client.query({ text: set, rowMode: 'array' })
      await client.query(named)
      await client.query(named)
      await client.query({ name: 'set a' } as pg.QueryConfig)
      await client.query("SELECT set_config('app.a', $1, false)", ['y'])
      await client.query({ text: "SELECT set_config('app.a', $1, false)", values: ['z'] })
      await new Promise<void>((resolve, reject) => {
        client.query(set, (error) => (error ? reject(error) : resolve()))
      })
      expect(sent).toHaveLength(8)
      expect(config).toEqual({ text: set })
      expect(await valueOf(client, 'SHOW app.a')).toBe('x')
      await client.query('COMMIT')
      expect(await valueOf(client, "SELECT current_setting('app.a', true)")).toBe('')
    })
  })

  it('has the position of an error in its own text', async () => {
    const sql = "SELECT set_config('app.ä😀', 'x', NULL), missing"
    const bare = new pg.Client(server.url)
    await bare.connect()
    const { position } = (await bare.query(sql).catch((error: unknown) => error)) as pg.DatabaseError
    await bare.end()
    await repairing(async ({ client, sent }) => {
      await client.query('BEGIN')
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42703', position })
      await client.query('ROLLBACK')
      await client.query('BEGIN')
      await expect(client.query('SELECT pg_advisory_lock(1), missing')).rejects.toMatchObject({ position: '29' })
      await client.query('ROLLBACK')
      expect(sent).toHaveLength(1)
    })
  })

  it('is in the slow log and in the events as the application wrote it', async () => {
    const statements: string[] = []
    const { guard } = repairingGuard()
    guard.on('query', ({ statement }) => void statements.push(statement))
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const client = await pool.connect()
    await inTransaction(client, set, 'CREATE TEMP TABLE t (id int)')
    client.release()
    await pool.end()
    expect(statements).toEqual(['BEGIN', 'SET app.a = ?', 'CREATE TEMP TABLE t (id int)', 'COMMIT'])
  })
})
