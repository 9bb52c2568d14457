import { poolers, type GuardOptions } from '@poolsafe/core'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { sqlOn } from './sql-on.ts'

let server: SharedPostgres
let folder: string
let path: string

beforeAll(async () => {
  server = await sharedPostgres()
  folder = await mkdtemp(join(tmpdir(), 'poolsafe-'))
  path = join(folder, 'set.sql')
  await writeFile(path, "SELECT set_config('app.x', '1', false)")
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

const use = sqlOn(() => server.url)
const guard: GuardOptions = { mode: 'strict', pooler: poolers.strictest(), logger: { warn() {} } }
const options = { prepare: false }

type Work = (sql: postgres.Sql) => PromiseLike<unknown>

/** Reads a cursor to its end. */
async function readAll(query: { cursor(): AsyncIterable<unknown> }): Promise<number> {
  let chunks = 0
  for await (const _ of query.cursor()) chunks++
  return chunks
}

/** Calls a tag with parts that are no literal of the code. */
function withParts(sql: postgres.Sql, parts: object, ...values: unknown[]): PromiseLike<unknown> {
  return (sql as unknown as (...args: unknown[]) => PromiseLike<unknown>)(parts, ...values)
}

/** The query itself, as postgres.js returns it. Its types know no more calls. */
function described(query: postgres.PendingQuery<postgres.Row[]>): postgres.PendingQuery<postgres.Row[]> {
  return query.describe() as unknown as postgres.PendingQuery<postgres.Row[]>
}

const text = "SELECT set_config('app.x', '1', false)"

/** Each leaves a setting on the session if it is sent. */
const dirty: Readonly<Record<string, Work>> = {
  'describe, then the simple protocol': (sql) => described(sql.unsafe("SET app.x = '1'")).simple(),
  'describe, then a stream': (sql) => described(sql.unsafe("SET app.x = '1'")).readable(),
  'the cursor of a file': (sql) => readAll(sql.file(path)),
  'the cursor of a file with values': (sql) => readAll(sql.file(path, [new Date(0) as never])),
  'a text that is a Buffer': (sql) => sql.unsafe(Buffer.from(text) as never),
  'a text that is an object': (sql) => sql.unsafe({ toString: () => text } as never),
  'parts that are no array': (sql) => withParts(sql, { length: 1, 0: text, raw: [text] }),
  'parts with values that are no array': (sql) =>
    withParts(sql, { length: 2, 0: "SELECT set_config('app.x', ", 1: ', false)', raw: [] }, '1'),
}

async function settingOf(sql: postgres.Sql): Promise<unknown> {
  const [row] = await sql`SELECT nullif(current_setting('app.x', true), '') AS value`
  return row?.['value']
}

const refused = (rule: string): object => ({ name: 'UnsafeStatementError', rule })

describe('in strict mode', () => {
  it.each(Object.entries(dirty))('%s: refused, and nothing was sent', async (_name, work) => {
    const unguarded = await use({ options }, async (sql) => {
      await work(sql)
      return settingOf(sql)
    })
    expect(unguarded).toBe('1')
    await use({ guard, options }, async (sql) => {
      const rule = expect.stringMatching(/^session\/set/) as string
      await expect(Promise.resolve().then(() => work(sql))).rejects.toMatchObject(refused(rule))
      expect(await settingOf(sql)).toBeNull()
    })
  })

  it('judges parts anew that have changed', async () => {
    await use({ guard, options }, async (sql) => {
      const parts = Object.assign(['SELECT ', '::text AS a'], { raw: [] })
      expect(await withParts(sql, parts, '1')).toEqual([{ a: '1' }])
      parts[0] = "SELECT set_config('app.x', 'y', false), "
      const call = Promise.resolve().then(() => withParts(sql, parts, '1'))
      await expect(call).rejects.toMatchObject(refused('session/set-config'))
    })
  })

  it('sends no query whose cursor was refused, when it is awaited later', async () => {
    await use({ guard, options }, async (sql) => {
      const query = sql.unsafe(text)
      await expect(readAll(query)).rejects.toMatchObject(refused('session/set-config'))
      await expect(query).rejects.toMatchObject(refused('session/set-config'))
      expect(await settingOf(sql)).toBeNull()
    })
  })

  it('rolls back if a cursor was refused, even if the application has caught that', async () => {
    await use({ guard, options }, async (sql) => {
      const outcome = sql.begin(async (tx) => {
        await readAll(tx`SELECT pg_advisory_lock(1)`).catch(() => {})
      })
      await expect(outcome).rejects.toMatchObject(refused('session/advisory-lock'))
    })
  })

  it('refuses all forms of queries on the outer sql in a transaction, and on a released connection', async () => {
    const forms: readonly Work[] = [
      (sql) => sql`SELECT 1`,
      (sql) => readAll(sql`SELECT 1`),
      (sql) => sql`SELECT 1`.describe(),
    ]
    await use({ guard, options: { ...options, max: 2 } }, async (sql) => {
      for (const form of forms) {
        await expect(sql.begin(() => form(sql))).rejects.toMatchObject(refused('transaction/outside-handle'))
        const reserved = await sql.reserve()
        reserved.release()
        const late = Promise.resolve().then(() => form(reserved))
        await expect(late).rejects.toMatchObject(refused('connection/used-after-release'))
      }
    })
  })

  it('refuses every query on the sql of a transaction after its end', async () => {
    await use({ guard, options }, async (sql) => {
      const ended = await sql.begin(async (tx) => {
        await tx`SELECT 1`
        return { tx }
      })
      const late: readonly (() => PromiseLike<unknown>)[] = [
        () => ended.tx`BEGIN`,
        () => ended.tx.unsafe('SELECT 1'),
        () => readAll(ended.tx`SELECT 1`),
        () => ended.tx.savepoint((inner) => inner`SELECT 1`),
      ]
      for (const call of late) {
        const error: unknown = await Promise.resolve()
          .then(call)
          .catch((thrown: unknown) => thrown)
        expect(error).toMatchObject(refused('connection/used-after-release'))
        expect((error as Error).message).toContain('forms.test.ts')
      }
    })
  })
})

it('reads a file by a cursor as postgres.js does', async () => {
  await writeFile(join(folder, 'rows.sql'), 'SELECT id FROM generate_series(1, 3) AS id')
  const rowsOf = async (sql: postgres.Sql): Promise<unknown[]> => {
    const rows: unknown[] = []
    for await (const chunk of sql.file(join(folder, 'rows.sql')).cursor(2)) rows.push(...chunk)
    const missing = await readAll(sql.file(join(folder, 'missing.sql'))).catch((error: unknown) => error)
    return [rows, (missing as { code?: string }).code]
  }
  const unguarded = await use({ options }, rowsOf)
  expect(unguarded).toEqual([[{ id: 1 }, { id: 2 }, { id: 3 }], 'ENOENT'])
  expect(await use({ guard, options }, rowsOf)).toEqual(unguarded)
})
