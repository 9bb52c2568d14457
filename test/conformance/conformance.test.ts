import { rules, UnsafeStatementError, type FindingEvent, type GuardOptions, type Mode } from '@poolsafe/core'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kyselySubject } from './kysely-subject.ts'
import { pgSubject } from './pg-subject.ts'
import { prismaSubject } from './prisma-subject.ts'
import type { Opened, Subject } from './subject.ts'

const unsafeStatements = rules.flatMap((rule) =>
  rule.examples.unsafe.flatMap((example) => (typeof example === 'string' ? [{ rule: rule.id, sql: example }] : [])),
)

let server: PostgresServer
let marker: Opened

beforeAll(async () => {
  // A backup that is started waits for a checkpoint, which takes its time unless told otherwise.
  server = await startPostgres({ settings: { log_statement: 'all', checkpoint_completion_target: '0' } })
  marker = pgSubject.open(server.url, undefined)
  const setUp = pgSubject.open(server.url, undefined)
  await setUp.query('CREATE TABLE t (id int)')
  await setUp.query('CREATE SEQUENCE orders_id_seq')
  await setUp.query('CREATE SCHEMA tenant_a')
  await setUp.close()
})

afterAll(async () => {
  await marker.close()
  await server.stop()
})

let marks = 0

/** Everything that the server has logged up to now: what it logs arrives a little later than its answers. */
async function logUpToNow(): Promise<string> {
  const mark = `mark ${++marks}.`
  await marker.query(`SELECT 1 /* ${mark} */`)
  while (!server.log().includes(mark)) await sleep(5)
  return server.log()
}

async function use<Result>(
  subject: Subject,
  guard: GuardOptions | undefined,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const opened = subject.open(server.url, guard)
  try {
    return await work(opened)
  } finally {
    await opened.close()
    await departure()
  }
}

const others = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"

/** A closed connection may hold its locks and slots a little longer than its pool: until its backend is gone. */
async function departure(): Promise<void> {
  while ((await marker.query(others)).length > 0) await sleep(5)
}

/** What a statement came to: its rows, or the SQLSTATE of its error. */
async function outcomeOf(subject: Subject, guard: GuardOptions | undefined, sql: string): Promise<unknown> {
  return use(subject, guard, async ({ query }) => {
    try {
      return { rows: await query(sql) }
    } catch (error) {
      return { sqlState: subject.sqlStateOf(error), message: (error as Error).message }
    }
  })
}

/** What differs from one run to the next is compared by its shape. */
function comparable(outcome: unknown, sql: string): unknown {
  const isVolatile = /snapshot|backup/.test(sql)
  return isVolatile ? JSON.stringify(outcome).replaceAll(/[0-9A-F]+/g, '0') : outcome
}

const quiet = { warn() {} }

describe.each([pgSubject, kyselySubject, prismaSubject])('$name', (subject) => {
  const { name } = subject

  it.each(unsafeStatements)('refuses in strict mode, before the server hears of it: $sql', async ({ rule, sql }) => {
    const before = (await logUpToNow()).length
    const error = await use(subject, { mode: 'strict' }, ({ query }) => query(sql)).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect((error as UnsafeStatementError).findings.map((finding) => finding.rule)).toContain(rule)
    expect((error as UnsafeStatementError).stack).toContain('conformance.test.ts')
    expect((await logUpToNow()).slice(before)).not.toContain(sql)
  })

  it.each(unsafeStatements)('reports once in warn mode, and behaves as unguarded: $sql', async ({ rule, sql }) => {
    const warnings: string[] = []
    const before = (await logUpToNow()).length
    const guarded = await outcomeOf(subject, { logger: { warn: (message) => warnings.push(message) } }, sql)
    expect((await logUpToNow()).slice(before)).toContain(sql)
    expect(comparable(guarded, sql)).toEqual(comparable(await outcomeOf(subject, undefined, sql), sql))
    expect(warnings.filter((message) => message.includes(`(${rule})`))).toHaveLength(1)
  })

  it('gives the rows that an unguarded one gives', async () => {
    const sql = "SELECT id, 'x' || id AS name FROM generate_series(1, 3) AS id"
    expect(await outcomeOf(subject, { mode: 'strict' }, sql)).toEqual(await outcomeOf(subject, undefined, sql))
  })

  it.each<[Mode, string]>([
    ['strict', 'SELCT 1'],
    ['strict', 'SELECT * FROM missing'],
    ['strict', 'SELECT 1/0'],
    ['strict', "SELECT 'unterminated"],
    // In strict mode a text that cannot be read is refused if it holds a dangerous word.
    ['warn', 'SET x = = 1'],
  ])("leaves PostgreSQL's own error to the user in %s mode: %s", async (mode, sql) => {
    const guarded = await outcomeOf(subject, { mode }, sql)
    expect(guarded).toHaveProperty('sqlState', expect.stringMatching(/^[0-9A-Z]{5}$/))
    expect(guarded).toEqual(await outcomeOf(subject, undefined, sql))
  })

  it('commits a transaction and rolls one back', async () => {
    await use(subject, { mode: 'strict' }, async ({ query, transaction }) => {
      await query('TRUNCATE t')
      await transaction((inside) => inside('INSERT INTO t VALUES (1)'))
      const failure = new Error('on purpose')
      const failing = transaction(async (inside) => {
        await inside('INSERT INTO t VALUES (2)')
        throw failure
      })
      await expect(failing).rejects.toBe(failure)
      expect(await query('SELECT id FROM t')).toEqual([{ id: 1 }])
    })
  })

  it('finds SET LOCAL in a transaction harmless, and effective', async () => {
    const seen = await use(subject, { mode: 'strict' }, ({ transaction }) =>
      transaction(async (inside) => {
        await inside("SET LOCAL app.org_id = '7'")
        await inside("SELECT set_config('app.user_id', '8', true)")
        return inside("SELECT current_setting('app.org_id') AS org, current_setting('app.user_id') AS usr")
      }),
    )
    expect(seen).toEqual([{ org: '7', usr: '8' }])
  })

  it('finds a session setting in a transaction as well, rolls back and gives the connection back', async () => {
    await use(subject, { mode: 'strict' }, async ({ query, transaction }) => {
      await query('TRUNCATE t')
      const refused = transaction(async (inside) => {
        await inside('INSERT INTO t VALUES (1)')
        await inside("SET app.org_id = '7'")
      })
      await expect(refused).rejects.toBeInstanceOf(UnsafeStatementError)
      // The pool holds one connection: this would wait for ever if it were lost.
      expect(await query('SELECT id FROM t')).toEqual([])
    })
  })

  it('finds it behind a statement that failed in the client, which aborts no transaction', async () => {
    await use(subject, { mode: 'strict' }, async ({ transaction }) => {
      const refused = transaction(async (inside, failInClient) => {
        await inside("SET app.org_id = '7'")
        await expect(failInClient()).rejects.toThrow()
      })
      await expect(refused).rejects.toBeInstanceOf(UnsafeStatementError)
    })
  })

  it('finds it behind an error that arrives when the rollback to a savepoint is queued', async () => {
    await use(subject, { mode: 'strict' }, async ({ transaction }) => {
      const refused = transaction(async (inside) => {
        await inside('SAVEPOINT a')
        const sent: Promise<unknown>[] = []
        for (const sql of ['SELECT missing', 'ROLLBACK TO a', "SET app.org_id = '7'"]) {
          sent.push(inside(sql).catch(() => {}))
          // Of what is asked for in one turn, Prisma drops what comes after an error.
          await nextTurn()
        }
        await Promise.all(sent)
      })
      await expect(refused).rejects.toBeInstanceOf(UnsafeStatementError)
    })
  })

  it('finds nothing where the server has aborted the transaction', async () => {
    const guard = { mode: 'strict', rules: { 'transaction/commit-rolled-back': 'allow' } } as const
    await use(subject, guard, async ({ query, transaction }) => {
      // Some layers tell of the commit that became a rollback by an error of their own.
      const ended = await transaction(async (inside) => {
        await inside("SET app.org_id = '7'")
        await expect(inside('SELECT missing')).rejects.toThrow()
      }).catch((error: unknown) => error)
      expect(ended).not.toBeInstanceOf(UnsafeStatementError)
      expect(await query("SELECT current_setting('app.org_id', true) AS org")).not.toContainEqual({ org: '7' })
    })
  })

  it('keeps the connection after a refusal outside a transaction', async () => {
    await use(subject, { mode: 'strict' }, async ({ query }) => {
      const [before] = (await query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }]
      await expect(query('LISTEN orders')).rejects.toBeInstanceOf(UnsafeStatementError)
      expect(await query('SELECT pg_backend_pid() AS pid')).toEqual([before])
    })
  })

  it('keeps the class, the fields and the remedy of the error', async () => {
    const error = (await use(subject, { mode: 'strict' }, ({ query }) => query("SET app.org_id = 'secret'")).catch(
      (caught: unknown) => caught,
    )) as UnsafeStatementError
    expect(error).toMatchObject({
      name: 'UnsafeStatementError',
      rule: 'session/set',
      outcome: 'leaks',
      statement: 'SET app.org_id = ?',
    })
    expect(error.message).toContain('SET LOCAL inside the transaction')
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('secret')
    expect(error).not.toHaveProperty('code')
  })

  it('takes other rules by name', async () => {
    const seen: FindingEvent[] = []
    const guard = { mode: 'strict', rules: { 'session/set': 'allow' } } as const
    await use(subject, guard, ({ query }) => query('SET work_mem = 65536'))
    await use(subject, { rules: { 'session/set': 'throw' }, logger: quiet }, async ({ query }) => {
      await expect(query('SET work_mem = 65536')).rejects.toThrow('SET work_mem stays')
      await query('LISTEN orders')
    })
    expect(seen, name).toEqual([])
  })
})
