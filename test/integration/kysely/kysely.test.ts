import { createGuard, poolers, UnsafeStatementError, type GuardOptions } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { CompiledQuery, Kysely, PostgresDialect, sql, type LogEvent } from 'kysely'
import * as oldest from 'kysely-oldest'
import { Migrator, type MigrationProvider } from 'kysely/migration'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kyselyOn, type Database } from './kysely-on.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let monitor: pg.Pool

beforeAll(async () => {
  server = await sharedPostgres()
  monitor = new pg.Pool({ connectionString: server.url, max: 1 })
  // Its socket may still be open when the server stops.
  monitor.on('error', () => {})
  await monitor.query('CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL)')
})

beforeEach(async () => {
  await monitor.query("TRUNCATE person; INSERT INTO person SELECT id, 'name ' || id FROM generate_series(1, 5) AS id")
})

afterAll(async () => {
  await monitor.end()
  await server.stop()
})

const strict = { mode: 'strict' } as const

const use = kyselyOn(() => server.url)

/** The same work guarded and unguarded. */
async function both<Result>(
  work: (db: Kysely<Database>, pool: pg.Pool) => Promise<Result>,
): Promise<[guarded: Result, unguarded: Result]> {
  return [await use({ guard: strict }, work), await use({}, work)]
}

describe('everything that Kysely does', () => {
  it('selects, inserts, updates and deletes', async () => {
    const [guarded, unguarded] = await both(async (db) => {
      const inserted = await db
        .insertInto('person')
        .values({ id: Math.floor(100), name: 'new' })
        .returningAll()
        .executeTakeFirst()
      const updated = await db.updateTable('person').set({ name: 'SET x' }).where('id', '=', 1).executeTakeFirst()
      const deleted = await db.deleteFrom('person').where('id', '=', 100).executeTakeFirst()
      return [inserted, updated, deleted, await db.selectFrom('person').selectAll().orderBy('id').execute()]
    })
    expect(guarded).toEqual(unguarded)
  })

  it('explains, introspects and uses raw SQL', async () => {
    const [guarded, unguarded] = await both(async (db) => [
      await db
        .selectFrom('person')
        .selectAll()
        .explain('json', sql`costs off`),
      await db.introspection.getTables(),
      (await sql<{ one: number }>`select ${1}::int as one`.execute(db)).rows,
      (await db.executeQuery(CompiledQuery.raw('select 1 as one; select 2 as two'))).rows,
    ])
    expect(guarded).toEqual(unguarded)
  })

  it('streams', async () => {
    const [guarded, unguarded] = await both(async (db) =>
      Array.fromAsync(db.selectFrom('person').selectAll().orderBy('id').stream(2)),
    )
    expect(guarded).toHaveLength(5)
    expect(guarded).toEqual(unguarded)
  })

  it('uses one connection for connection(), and transactions with savepoints', async () => {
    const [guarded, unguarded] = await both(async (db) => {
      await db.connection().execute(async (one) => {
        await sql`select 1`.execute(one)
      })
      const trx = await db.startTransaction().setIsolationLevel('serializable').execute()
      await trx.insertInto('person').values({ id: 6, name: 'kept' }).execute()
      const saved = await trx.savepoint('before').execute()
      await saved.insertInto('person').values({ id: 7, name: 'undone' }).execute()
      await saved.rollbackToSavepoint('before').execute()
      await saved.releaseSavepoint('before').execute()
      await trx.commit().execute()
      return db.deleteFrom('person').where('id', '>', 5).returningAll().execute()
    })
    expect(guarded).toEqual([{ id: 6, name: 'kept' }])
    expect(guarded).toEqual(unguarded)
  })

  it('rejects with the reason of an abort signal', async () => {
    const [guarded, unguarded] = await both(async (db) => {
      const reason = new Error('enough')
      const controller = new AbortController()
      const query = sql`select pg_sleep(0.2)`.execute(db, { signal: controller.signal })
      controller.abort(reason)
      const error = await query.catch((caught: unknown) => caught)
      return [error === reason || (error as Error).cause === reason, (await sql`select 1 as one`.execute(db)).rows]
    })
    expect(guarded).toEqual(unguarded)
  })

  it("gives PostgreSQL's own errors", async () => {
    const [guarded, unguarded] = await both(async (db) => {
      const error = (await sql`selct 1`.execute(db).catch((caught: unknown) => caught)) as Error & { code: string }
      return { code: error.code, message: error.message, namesTheCaller: error.stack?.includes('kysely.test.ts') }
    })
    expect(guarded).toEqual({ code: '42601', message: 'syntax error at or near "selct"', namesTheCaller: true })
    expect(guarded).toEqual(unguarded)
  })

  it("shows in Kysely's own log all that it did, begin and commit included", async () => {
    const logged = async (guard: GuardOptions | undefined): Promise<string[]> => {
      const lines: string[] = []
      const log = (event: LogEvent): void => void lines.push(`${event.level}: ${event.query.sql}`)
      await use({ guard, log }, async (db) => {
        await db.transaction().execute((trx) => trx.selectFrom('person').select('id').execute())
        await Array.fromAsync(db.selectFrom('person').select('id').stream())
        await sql`selct 1`.execute(db).catch(() => {})
      })
      return lines
    }
    expect(await logged(strict)).toEqual([
      'query: begin',
      'query: select "id" from "person"',
      'query: commit',
      'query: select "id" from "person"',
      'error: selct 1',
    ])
    expect(await logged(strict)).toEqual(await logged(undefined))
  })
})

describe('a finding', () => {
  it('refuses a stream where it is read', async () => {
    await use({ guard: strict }, async (db) => {
      const stream = db
        .selectFrom(sql<{ v: string }>`(select set_config('a.b', 'c', false) as v)`.as('t'))
        .selectAll()
        .stream()
      await expect(Array.fromAsync(stream)).rejects.toBeInstanceOf(UnsafeStatementError)
      expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    })
  })

  it('shows in the log as an error, like those of the server', async () => {
    const lines: string[] = []
    await use({ guard: strict, log: (event) => void lines.push(event.level) }, async (db) => {
      await expect(sql`listen orders`.execute(db)).rejects.toBeInstanceOf(UnsafeStatementError)
    })
    expect(lines).toEqual(['error'])
  })

  it('comes once where the pool is guarded as well, and with the server’s own transaction status', async () => {
    const warnings: string[] = []
    const guard = createGuard({ logger: { warn: (message) => void warnings.push(message) } })
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const db = new Kysely<Database>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await sql`set work_mem = 65536`.execute(db)
    await db.transaction().execute((trx) => sql`set local work_mem = 65536`.execute(trx))
    await db.destroy()
    expect(warnings).toHaveLength(1)
  })

  it('says that BEGIN through executeQuery leaves the connection in a transaction', async () => {
    await use({ guard: strict }, async (db, pool) => {
      await expect(sql`begin`.execute(db)).rejects.toMatchObject({ rule: 'transaction/left-open' })
      expect(pool.idleCount).toBe(1)
      expect(
        (await sql`set local work_mem = 65536`.execute(db).catch((error: unknown) => error)) as object,
      ).toMatchObject({
        rule: 'transaction/set-local',
      })
    })
  })
})

describe('two guards', () => {
  it('are a complaint of the second, which would watch nothing', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), { logger: { warn() {} } })
    const db = new Kysely<Database>({ dialect: guardDialect(new PostgresDialect({ pool }), strict) })
    await expect(sql`select 1`.execute(db)).rejects.toThrow('the pool of the dialect must be watched by one guard')
    await db.destroy()
  })
})

describe('a failed transaction', () => {
  it('ends as rolled back, not as a finding of what PostgreSQL has rolled back, and gives its connection back', async () => {
    await use({ guard: strict }, async (db) => {
      const trx = await db.startTransaction().execute()
      await sql`set work_mem = 65536`.execute(trx)
      await expect(sql`select 1/0`.execute(trx)).rejects.toMatchObject({ code: '22012' })
      await expect(trx.commit().execute()).rejects.toMatchObject({ rule: 'transaction/commit-rolled-back' })
      expect(trx.isRolledBack).toBe(true)
      // The pool has one connection: this call would wait forever if it were lost.
      expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    })
  })
})

describe("Kysely's Migrator", () => {
  const provider: MigrationProvider = {
    getMigrations: async () => ({
      '1': { up: (db) => db.schema.createTable('migrated').addColumn('id', 'integer').execute(), down: async () => {} },
    }),
  }

  it('is refused in strict mode, its session lock named, and nothing is migrated', async () => {
    const { error } = await use({ guard: strict }, (db) => new Migrator({ db, provider }).migrateToLatest())
    expect(error).toMatchObject({ name: 'UnsafeStatementError', rule: 'session/advisory-lock' })
    expect((await monitor.query("SELECT to_regclass('migrated') AS migrated")).rows).toEqual([{ migrated: null }])
  })

  it('runs on a direct connection', async () => {
    const guard = { mode: 'strict', pooler: poolers.direct() } as const
    const { error, results } = await use({ guard }, (db) => new Migrator({ db, provider }).migrateToLatest())
    expect(error).toBeUndefined()
    expect(results).toEqual([{ direction: 'Up', migrationName: '1', status: 'Success' }])
  })
})

describe('Kysely 0.28', () => {
  it('is guarded as well', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const dialect = guardDialect(new oldest.PostgresDialect({ pool }) as never, strict) as unknown as oldest.Dialect
    const db = new oldest.Kysely<Database>({ dialect })
    await expect(oldest.sql`listen orders`.execute(db)).rejects.toBeInstanceOf(UnsafeStatementError)
    await db.transaction().execute((trx) => oldest.sql`set local work_mem = 65536`.execute(trx))
    expect(await db.selectFrom('person').select('id').where('id', '=', 1).execute()).toEqual([{ id: 1 }])
    await db.destroy()
  })
})

describe('guarding', () => {
  it('gives the dialect itself back with mode off, and guards one once', () => {
    const dialect = new PostgresDialect({ pool: new pg.Pool() })
    expect(guardDialect(dialect, { mode: 'off' })).toBe(dialect)
    const guard = createGuard(strict)
    const guarded = guardDialect(dialect, guard)
    expect(guardDialect(guarded, guard)).toBe(guarded)
    expect(() => guardDialect(guarded, strict)).toThrow('a dialect must be watched by one guard')
  })

  it('refuses what is no dialect', () => {
    expect(() => guardDialect({} as never)).toThrow(
      'guardDialect(): dialect must be a dialect of Kysely, such as new PostgresDialect({ pool }); got an object',
    )
  })
})
