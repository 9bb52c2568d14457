import type { GuardOptions } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { leftBehind } from '../../support/session/left-behind.ts'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'
import { narrowStage } from '../../support/servers/narrow-stage.ts'

const stage = narrowStage(`
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE seen (what text);
  CREATE FUNCTION sees() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN EXECUTE 'EXECUTE note'; RETURN NULL; END $$;
  CREATE TABLE watched (id int);
  CREATE CONSTRAINT TRIGGER sees AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sees();
  CREATE FUNCTION forgets() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE one'; END $$;
`)

interface Clearing extends Pick<RepairingGuard, 'sent' | 'found'> {
  readonly client: pg.PoolClient
}

/** Runs `work` on a client that repairs, behind the pooler. */
async function clearing<Result>(
  work: (clearing: Clearing) => Promise<Result>,
  options: GuardOptions = {},
  config: pg.PoolConfig = {},
): Promise<Result> {
  const { guard, sent, found } = repairingGuard(options)
  const pool = guardPool(new pg.Pool({ connectionString: stage.url, max: 1, ...config }), guard)
  const client = await pool.connect()
  try {
    return await work({ client, sent, found })
  } finally {
    client.release()
    await pool.end()
  }
}

async function commandsOf(client: pg.PoolClient, ...statements: string[]): Promise<string[]> {
  const commands: string[] = []
  for (const sql of statements) {
    const command = await client.query(sql).then(
      (result) =>
        Array.isArray(result) ? result.map((each: pg.QueryResult) => each.command).join('; ') : result.command,
      ({ code }: pg.DatabaseError) => String(code),
    )
    commands.push(command)
  }
  return commands
}

const prepare = 'PREPARE one AS SELECT 1 AS n'
const everyKind = [
  'CREATE TEMP TABLE t (id int)',
  'CREATE TEMP VIEW on_table AS SELECT * FROM t',
  'CREATE TEMP VIEW v AS SELECT 1 AS id',
  'CREATE TEMP SEQUENCE s',
  "CREATE TYPE pg_temp.mood AS ENUM ('ok')",
  'CREATE DOMAIN pg_temp.age AS int',
  "CREATE FUNCTION pg_temp.f(mood text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "CREATE FUNCTION pg_temp.f(age int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
]

describe('state that a transaction leaves and COMMIT clears', () => {
  it('stays without a repair', async () => {
    await clearing(
      async ({ client, found }) => {
        await commandsOf(client, 'BEGIN', prepare, 'CREATE TEMP VIEW v AS SELECT 1', 'COMMIT')
        expect(found).toHaveLength(2)
        expect(await leftBehind(stage.stranger)).toEqual(['prepared statement one', 'view v'])
      },
      { mode: 'warn' },
    )
  })

  it('is gone if query objects have left it', async () => {
    await clearing(async ({ client, found }) => {
      await client.query('BEGIN')
      for (const sql of [prepare, 'CREATE TEMP TABLE t (id int)'])
        await new Promise((resolve) => client.query(new pg.Query(sql, resolve)))
      await client.query('COMMIT')
      expect(found).toEqual([])
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it.each([
    ['a prepared statement', [prepare, 'EXECUTE one']],
    ['temporary objects of every kind', everyKind],
    ['both, and a setting', ["SET app.a = 'x'", prepare, ...everyKind]],
    [
      'what a savepoint keeps',
      ['SAVEPOINT s', prepare, 'CREATE TEMP VIEW v AS SELECT 1', 'ROLLBACK TO s', 'EXECUTE one'],
    ],
    ['a view under another name', ['CREATE TEMP VIEW v AS SELECT 1 AS id', 'ALTER VIEW v RENAME TO w']],
    ['what search_path makes temporary', ['SET LOCAL search_path = pg_temp, public', 'CREATE VIEW v AS SELECT 1']],
  ])('is gone behind the COMMIT: %s', async (_name, statements) => {
    await clearing(async ({ client, found }) => {
      const commands = await commandsOf(client, 'BEGIN', ...statements, 'COMMIT')
      expect(commands.filter((command) => /\d/.test(command))).toEqual([])
      expect(commands.at(-1)).toBe('COMMIT')
      expect(found).toEqual([])
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it.each([
    ['ROLLBACK', [prepare, 'ROLLBACK'], 'ROLLBACK'],
    ['the COMMIT of an aborted transaction', [prepare, 'SELECT 1 / 0', 'COMMIT'], 'ROLLBACK'],
    ['ABORT with a comment', [prepare, 'CREATE TEMP VIEW v AS SELECT 1', 'ABORT; -- done'], 'ROLLBACK'],
    ['END with a comment', [prepare, 'END -- done'], 'COMMIT'],
  ])('is gone behind %s', async (_name, statements, last) => {
    await clearing(async ({ client }) => {
      expect((await commandsOf(client, 'BEGIN', ...statements)).at(-1)).toBe(last)
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('is gone if the guard decides at the statement', async () => {
    await clearing(
      async ({ client, found }) => {
        await commandsOf(client, 'BEGIN', prepare, 'CREATE TEMP VIEW v AS SELECT 1', 'COMMIT')
        expect(found).toEqual([])
        expect(await leftBehind(stage.stranger)).toEqual([])
      },
      { decideAt: 'statement' },
    )
  })

  it('is there for deferred triggers, which run at the COMMIT', async () => {
    await clearing(async ({ client }) => {
      const note = "PREPARE note AS INSERT INTO seen VALUES ('trigger')"
      expect(await commandsOf(client, 'BEGIN', note, 'INSERT INTO watched VALUES (1)', 'COMMIT')).not.toContain('26000')
      const { rows } = await client.query('DELETE FROM seen RETURNING what')
      expect(rows).toEqual([{ what: 'trigger' }])
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('is reported only where it is not cleared', async () => {
    await clearing(async ({ client, sent, found }) => {
      await commandsOf(client, 'BEGIN', prepare, 'COMMIT')
      expect(sent).toEqual(['PREPARE one AS SELECT ? AS n'])
      expect(found).toEqual([])
      await commandsOf(client, prepare, 'DEALLOCATE one')
      expect(found).toEqual([expect.stringContaining('no transaction is open'), expect.anything()])
    })
  })
})

describe('state that COMMIT does not clear is reported', () => {
  it.each([
    ['COMMIT AND CHAIN', 'AND CHAIN begins', ['COMMIT AND CHAIN', 'ROLLBACK']],
    ['a text of several statements', 'several statements', ['SELECT 1; COMMIT']],
    ['a COMMIT that fails', 'the end of the transaction failed', ['INSERT INTO child VALUES (7)', 'COMMIT']],
  ])('%s', async (_name, reason, statements) => {
    await clearing(async ({ client, found }) => {
      await commandsOf(client, 'BEGIN', prepare, ...statements)
      expect(found).toEqual([expect.stringContaining(reason)])
      expect(await leftBehind(stage.stranger)).toEqual(['prepared statement one'])
    })
  })

  it('a COMMIT that fails gives its own error, and no temporary object is left', async () => {
    await clearing(async ({ client, found }) => {
      await commandsOf(client, 'BEGIN', 'CREATE TEMP VIEW v AS SELECT 1', 'INSERT INTO child VALUES (7)')
      await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '23503', constraint: 'child_parent_fkey' })
      expect((await client.query<{ n: number }>('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
      expect(found).toEqual([])
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('a statement that the application deallocated in a function is gone, and COMMIT succeeds', async () => {
    await clearing(async ({ client, found }) => {
      expect(await commandsOf(client, 'BEGIN', prepare, 'SELECT forgets()', 'COMMIT')).toEqual([
        'BEGIN',
        'PREPARE',
        'SELECT',
        'COMMIT',
      ])
      expect(found).toEqual([])
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('a statement behind it is reported', async () => {
    await clearing(async ({ client, found }) => {
      const left = [prepare, 'CREATE TEMP VIEW v AS SELECT 1']
      expect((await commandsOf(client, 'BEGIN', ...left, 'SELECT forgets()', 'COMMIT')).at(-1)).toBe('COMMIT')
      expect(found).toEqual([expect.stringContaining('PostgreSQL refused')])
    })
  })

  it('a statement of somebody else stays', async () => {
    await stage.stranger.query(prepare)
    await clearing(async ({ client }) => {
      expect(await commandsOf(client, 'BEGIN', prepare, 'COMMIT')).toEqual(['BEGIN', '42P05', 'ROLLBACK'])
    })
    expect(await leftBehind(stage.stranger)).toEqual(['prepared statement one'])
  })

  it('pipeline mode, in which other statements are sent behind the COMMIT', async () => {
    const work = async ({ client, found }: Clearing): Promise<void> => {
      await commandsOf(client, 'BEGIN', prepare, 'COMMIT')
      expect(found).toHaveLength(1)
    }
    await clearing(work, {}, { pipeline: true })
  })

  it('a COMMIT that is sent before the answers are there', async () => {
    await clearing(async ({ client, found }) => {
      await client.query('BEGIN')
      await Promise.all([client.query(prepare), client.query('COMMIT')])
      expect(found).toEqual([expect.stringContaining('no answer yet')])
    })
  })
})

describe('the answer to COMMIT', () => {
  const open = ['BEGIN', prepare, 'CREATE TEMP VIEW v AS SELECT 1']

  it('is one result, in every form of the call', async () => {
    await clearing(async ({ client }) => {
      await commandsOf(client, ...open)
      expect(await client.query('COMMIT')).toMatchObject({ command: 'COMMIT', rowCount: null, rows: [] })
      await commandsOf(client, ...open)
      expect(await client.query({ text: 'COMMIT', rowMode: 'array' })).toMatchObject({ command: 'COMMIT', rows: [] })
      await commandsOf(client, ...open)
      expect(await client.query('COMMIT', [])).toMatchObject({ command: 'COMMIT' })
      await commandsOf(client, ...open)
      const called = await new Promise((resolve, reject) => {
        client.query('COMMIT', (error: Error | null, result: pg.QueryResult) =>
          error ? reject(error) : resolve(result),
        )
      })
      expect(called).toMatchObject({ command: 'COMMIT', rowCount: null })
      await commandsOf(client, ...open)
      const configured = await new Promise((resolve) => {
        const config = { text: 'COMMIT', callback: (_error: Error | null, result: unknown) => resolve(result) }
        void client.query(config as pg.QueryConfig)
      })
      expect(configured).toMatchObject({ command: 'COMMIT' })
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('is an error in a callback', async () => {
    await clearing(async ({ client }) => {
      await commandsOf(client, ...open, 'INSERT INTO child VALUES (7)')
      const given = await new Promise<unknown[]>((resolve) => {
        client.query('COMMIT', (...args: unknown[]) => resolve(args))
      })
      expect(given[0]).toMatchObject({ code: '23503' })
    })
  })

  it('comes with no notice', async () => {
    await clearing(async ({ client }) => {
      const notices: unknown[] = []
      client.on('notice', ({ message }) => notices.push(message))
      await commandsOf(client, 'BEGIN', ...everyKind, prepare, 'COMMIT')
      expect(notices).toEqual([])
    })
  })

  it('is the same for a named statement', async () => {
    await clearing(async ({ client }) => {
      await commandsOf(client, ...open)
      expect(await client.query({ name: 'end', text: 'COMMIT' })).toMatchObject({ command: 'COMMIT', rows: [] })
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it.each([
    ['a query object', (done: () => void) => new pg.Query('COMMIT', done)],
    ['a call with parameters', (callback: () => void) => ({ text: 'COMMIT', queryMode: 'extended', callback })],
  ])('has no room for more in %s', async (_name, queryOf) => {
    await clearing(async ({ client, found }) => {
      await commandsOf(client, ...open)
      await new Promise<void>((resolve) => client.query(queryOf(resolve) as pg.Submittable))
      expect(found).toEqual(Array(2).fill(expect.stringContaining('no room for another statement')))
    })
  })
})
