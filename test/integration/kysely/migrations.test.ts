import { createGuard, InvalidOptionError, poolers, type Guard } from '@poolsafe/core'
import { performance as realClock } from '@poolsafe/core/internal'
import { guardDialect, MigrationLockError } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import * as newest from 'kysely'
import { Migrator, type MigrationResultSet } from 'kysely/migration'
import * as oldest from 'kysely-oldest'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { advisoryLocks, holdLock } from './migration-locks.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

// Kysely's Migrator through PgBouncer in transaction mode, with `migrations: 'transaction'`, in strict mode.

let server: SharedPostgres
let pooler: PgBouncerServer
let monitor: pg.Pool
const opened: (() => Promise<void>)[] = []
beforeAll(async () => {
  server = await sharedPostgres()
  // Fewer server connections than deploys, and another one for each transaction.
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 3, serverRoundRobin: true })
  monitor = new pg.Pool({ connectionString: server.url, max: 1 })
})
beforeEach(async () => {
  await monitor.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE ran (name text)')
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()))
  expect(await advisoryLocks(monitor)).toEqual([])
})
afterAll(async () => {
  await monitor.end()
  await pooler.stop()
  await server.stop()
})

type Db = newest.Kysely<unknown>
type Up = (db: Db) => Promise<unknown>

/** The versions of the peer range differ in their lock, and in where they ask for it. */
const versions = [
  { version: 'newest', lib: newest, LibMigrator: Migrator },
  {
    version: 'oldest',
    lib: oldest as unknown as typeof newest,
    LibMigrator: oldest.Migrator as never as typeof Migrator,
  },
]

interface Setup {
  readonly lib?: typeof newest
  readonly guard?: Guard
  readonly url?: string
}

const strictOptions = { mode: 'strict', pooler: poolers.pgbouncer({ version: '1.18' }) } as const

function strict(): Guard {
  return createGuard({ ...strictOptions, logger: { warn: () => {} } })
}

/** A Kysely in a process of its own, as far as its pool is concerned. */
function open({ lib = newest, guard = strict(), url = pooler.url }: Setup = {}): Db {
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
  const dialect = guardDialect(new lib.PostgresDialect({ pool }), guard, { migrations: 'transaction' })
  const db = new lib.Kysely<unknown>({ dialect })
  opened.push(() => db.destroy())
  return db
}

function ran(name: string): Up {
  return (db) => newest.sql`INSERT INTO ran VALUES (${name})`.execute(db)
}

/** The second one is slow, so that the others wait. */
const three: Record<string, Up> = {
  a: ran('a'),
  b: async (db) => {
    await newest.sql`SELECT pg_sleep(0.2)`.execute(db)
    await ran('b')(db)
  },
  c: ran('c'),
}

function migrate(
  db: Db,
  migrations: Record<string, Up>,
  { LibMigrator = Migrator, ...options }: { LibMigrator?: typeof Migrator; disableTransactions?: boolean } = {},
): Promise<MigrationResultSet> {
  const provider = {
    getMigrations: async () =>
      Object.fromEntries(
        Object.entries(migrations).map(([name, up]) => [name, { up: async (on: Db) => void (await up(on)) }]),
      ),
  }
  return new LibMigrator({ db, provider, ...options }).migrateToLatest()
}

async function whatRan(): Promise<string> {
  return (await monitor.query<{ name: string }>('SELECT name FROM ran')).rows.map(({ name }) => name).join('')
}

describe.each(versions)('migrations in a transaction with the $version Kysely', ({ lib, LibMigrator }) => {
  it('run once in ten deploys at once, which all succeed', async () => {
    const deploys = Array.from({ length: 10 }, () => migrate(open({ lib }), three, { LibMigrator }))
    const results = await Promise.all(deploys)
    expect(results.map(({ error }) => error)).toEqual(results.map(() => undefined))
    const counts = results.map(({ results: each }) => each?.length ?? 0)
    expect(counts.toSorted((a, b) => b - a)).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(await whatRan()).toBe('abc')
  })

  it('report the error of a migration that fails, and leave no lock and nothing half done', async () => {
    const failing: Record<string, Up> = { ...three, b: (db) => newest.sql`SELECT * FROM missing`.execute(db) }
    const { error, results } = await migrate(open({ lib }), failing, { LibMigrator })
    expect(error).toMatchObject({ code: '42P01', message: 'relation "missing" does not exist' })
    expect(results?.map(({ status }) => status)).toEqual(['Success', 'Error', 'NotExecuted'])
    expect(await whatRan()).toBe('')
    expect(await advisoryLocks(monitor)).toEqual([])
    expect(await migrate(open({ lib }), three, { LibMigrator })).not.toHaveProperty('error')
    expect(await whatRan()).toBe('abc')
  })

  it('run one after the other where the sessions default to serializable', async () => {
    await monitor.query(`ALTER DATABASE ${server.database} SET default_transaction_isolation = 'serializable'`)
    // Its connections are opened later than the default is set.
    const fresh = await startPgBouncer({ target: server, defaultPoolSize: 3 })
    const deploys = Array.from({ length: 4 }, () => migrate(open({ lib, url: fresh.url }), three, { LibMigrator }))
    const results = await Promise.all(deploys).finally(async () => {
      await monitor.query(`ALTER DATABASE ${server.database} RESET default_transaction_isolation`)
    })
    // The oldest one begins before it asks for its lock, as the sessions say. Its snapshot may be too old then.
    const codes = results.flatMap(({ error }) => (error as { code?: string } | undefined)?.code ?? [])
    expect(lib === newest ? codes : codes.filter((code) => !['40001', '23505'].includes(code))).toEqual([])
    expect(await whatRan()).toBe('abc')
    await Promise.all(opened.splice(0).map((close) => close()))
    await fresh.stop()
  })

  it('are refused without a transaction, and the connection serves on', async () => {
    const db = open({ lib })
    const { error } = await migrate(db, three, { LibMigrator, disableTransactions: true })
    expect(error).toBeInstanceOf(MigrationLockError)
    expect(error).toMatchObject({ message: expect.stringContaining('disableTransactions asks for none') })
    expect(await whatRan()).toBe('')
    expect((await newest.sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    expect(await migrate(db, three, { LibMigrator })).not.toHaveProperty('error')
  })

  it('let the next deploy in when the server connection of one is lost', async () => {
    const kill: Up = async (db) => {
      const { rows } = await newest.sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db)
      await monitor.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
      await ran('b')(db)
    }
    const { error } = await migrate(open({ lib }), { ...three, b: kill }, { LibMigrator })
    expect(error).toBeInstanceOf(Error)
    expect(await whatRan()).toBe('')
    expect(await migrate(open({ lib }), three, { LibMigrator })).not.toHaveProperty('error')
  })
})

describe('the lock of the migrations', () => {
  it('excludes a deploy that takes the lock of Kysely itself on a direct connection', async () => {
    const { release } = await holdLock(server.url)
    const deploy = migrate(open(), three)
    const isFirst = await Promise.race([
      deploy.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 500, false)),
    ])
    expect(isFirst).toBe(false)
    expect(await whatRan()).toBe('')
    await release()
    expect(await deploy).not.toHaveProperty('error')
  })

  it('is waited for without a server connection, and the log says so once', async () => {
    const { release } = await holdLock(server.url)
    const logged: string[] = []
    const guard = createGuard({ ...strictOptions, logger: { warn: () => {}, info: (line) => logged.push(line) } })
    const deploy = migrate(open({ guard }), three)
    await vi.waitFor(() => expect(logged.filter((line) => line.includes('wait for their lock'))).toHaveLength(1))
    // Ten deploys that wait leave the three server connections to the application.
    const others = Array.from({ length: 10 }, () => migrate(open(), three))
    const application = new pg.Pool({ connectionString: pooler.url, max: 3 })
    for (let i = 0; i < 50; i++) await application.query('SELECT 1')
    await application.end()
    expect(await whatRan()).toBe('')
    await release()
    expect((await Promise.all([deploy, ...others])).map(({ error }) => error)).not.toContainEqual(expect.anything())
    expect(await whatRan()).toBe('abc')
    expect(logged.filter((line) => line.includes('wait for their lock'))).toHaveLength(1)
  })

  it('is waited for longer than the limits of statements and locks', async () => {
    const { release } = await holdLock(server.url)
    const guard = strict()
    const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 1 }), guard, {
      statementTimeoutMillis: 500,
    })
    const dialect = guardDialect(new newest.PostgresDialect({ pool }), guard, { migrations: 'transaction' })
    const db = new newest.Kysely<unknown>({ dialect })
    opened.push(() => db.destroy())
    let isDone = false
    const deploy = migrate(db, { a: ran('a') }).finally(() => (isDone = true))
    const since = performance.now()
    await vi.waitFor(() => expect(performance.now() - since).toBeGreaterThan(1500), 10_000)
    expect(isDone).toBe(false)
    await release()
    expect(await deploy).not.toHaveProperty('error')
  })

  it('is given up after an hour, with the reason, and the connection serves on', async () => {
    const { release } = await holdLock(server.url)
    const logged: string[] = []
    const guard = createGuard({ ...strictOptions, logger: { warn: () => {}, info: (line) => logged.push(line) } })
    const pool = new pg.Pool({ connectionString: pooler.url, max: 1 })
    const dialect = guardDialect(new newest.PostgresDialect({ pool }), guard, { migrations: 'transaction' })
    const db = new newest.Kysely<unknown>({ dialect })
    opened.push(() => db.destroy())
    const deploy = migrate(db, three)
    await vi.waitFor(() => expect(logged.join()).toContain('wait for their lock'), 10_000)
    const clock = realClock.now
    const later = vi.spyOn(realClock, 'now').mockImplementation(() => clock() + 3_600_001)
    const { error } = await deploy.finally(() => later.mockRestore())
    expect(error).toBeInstanceOf(MigrationLockError)
    expect(error).toMatchObject({ message: expect.stringContaining('held the migration lock for an hour') })
    expect((await newest.sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    await release()
    expect(await migrate(db, three)).not.toHaveProperty('error')
  })

  it('does not deadlock with an index that another deploy builds concurrently under it', async () => {
    await monitor.query('CREATE TABLE indexed (id int)')
    const { holder, release } = await holdLock(server.url)
    const logged: string[] = []
    const guard = createGuard({ ...strictOptions, logger: { warn: () => {}, info: (line) => logged.push(line) } })
    const deploy = migrate(open({ guard }), three)
    await vi.waitFor(() => expect(logged.join()).toContain('wait for their lock'))
    await holder.query('CREATE INDEX CONCURRENTLY ON indexed (id)')
    await release()
    expect(await deploy).not.toHaveProperty('error')
  })

  it('needs a connection that is held', async () => {
    const db = open()
    const adapter = db.getExecutor().adapter
    const options = { lockTable: 'kysely_migration_lock', lockRowId: 'migration_lock' }
    await expect(adapter.acquireMigrationLock(db, options)).rejects.toBeInstanceOf(MigrationLockError)
    expect((await newest.sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
  })

  it('is that of the dialect without the option', async () => {
    const guard = strict()
    const dialect = guardDialect(
      new newest.PostgresDialect({ pool: new pg.Pool({ connectionString: pooler.url }) }),
      guard,
    )
    const db = new newest.Kysely<unknown>({ dialect })
    opened.push(() => db.destroy())
    expect(await migrate(db, three)).toMatchObject({ error: { rule: 'session/advisory-lock' } })
  })
})

describe('migrations in a transaction of the caller', () => {
  it('run in it, and are rolled back with it', async () => {
    const db = open()
    const undo = new Error('undo')
    const work = db.transaction().execute(async (trx) => {
      expect(await migrate(trx, three)).not.toHaveProperty('error')
      expect(await advisoryLocks(monitor)).toEqual([{ granted: true }])
      throw undo
    })
    await expect(work).rejects.toBe(undo)
    expect(await whatRan()).toBe('')
    await db.transaction().execute(async (trx) => void (await migrate(trx, three)))
    expect(await whatRan()).toBe('abc')
  })

  it('report the error of a migration that fails', async () => {
    const db = open()
    const failing: Record<string, Up> = { a: (on) => newest.sql`SELECT * FROM missing`.execute(on) }
    let seen: MigrationResultSet | undefined
    const work = db.transaction().execute(async (trx) => {
      seen = await migrate(trx, failing)
      if (seen.error !== undefined) throw seen.error as Error
    })
    await expect(work).rejects.toMatchObject({ code: '42P01' })
    expect(seen?.results?.map(({ status }) => status)).toEqual(['Error'])
  })

  it('leave no lock where a controlled transaction is rolled back', async () => {
    const trx = await open().startTransaction().execute()
    await migrate(trx, three)
    expect(await advisoryLocks(monitor)).toEqual([{ granted: true }])
    await trx.rollback().execute()
    expect(await whatRan()).toBe('')
  })
})

describe('the option', () => {
  const dialect = (): newest.Dialect => new newest.PostgresDialect({ pool: new pg.Pool() })

  it('is checked', () => {
    expect(() => guardDialect(dialect(), {}, { migrations: 'session' as never })).toThrow(InvalidOptionError)
    expect(() => guardDialect(dialect(), {}, { migration: 'transaction' } as never)).toThrow(
      "did you mean 'migrations'",
    )
    expect(() => guardDialect(dialect(), {}, null as never)).toThrow('an object with the options migrations')
  })

  it('works on a dialect that is guarded already, and with mode off', async () => {
    const guard = strict()
    const pool = new pg.Pool({ connectionString: pooler.url })
    const guarded = guardDialect(new newest.PostgresDialect({ pool }), guard)
    for (const each of [
      guardDialect(guarded, guard, { migrations: 'transaction' }),
      guardDialect(
        new newest.PostgresDialect({ pool: new pg.Pool({ connectionString: pooler.url }) }),
        { mode: 'off' },
        { migrations: 'transaction' },
      ),
    ]) {
      const db = new newest.Kysely<unknown>({ dialect: each })
      opened.push(() => db.destroy())
      let locks: unknown
      await migrate(db, { [`at_${opened.length}`]: async () => (locks = await advisoryLocks(monitor)) })
      expect(locks).toEqual([{ granted: true }])
      await monitor.query('TRUNCATE kysely_migration')
    }
  })
})
