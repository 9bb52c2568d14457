import { performance, setTimeout } from '@poolsafe/core/internal'
import type { Row } from '@poolsafe/core/internal'
import type { DatabaseConnection, Dialect, DialectAdapter, Driver, TransactionSettings } from 'kysely'
import { MigrationLockError } from './migration-lock-error.ts'
import { originalOf } from './original.ts'
import { rawQuery } from './raw-query.ts'

/** The key of Kysely's own lock (PostgresAdapter), so that deploys with and without the option exclude each other. */
const lockKey = '3853314791062309107'

/** One hour, as in Kysely's own lock. */
const waitAtMostMillis = 3_600_000
const firstPauseMillis = 50
const longestPauseMillis = 1000

/** Called once when another deploy holds the lock. */
export type OnWait = () => void

/** Locks that the next BEGIN of a held connection takes. */
const pending = new WeakMap<DatabaseConnection, PendingLock>()

/**
 * Returns a dialect whose migration lock belongs to the transaction of the migrations, so that any pooler carries it.
 * Kysely's Migrator asks for its lock on a held connection, and begins its transaction only then: the lock waits for
 * that BEGIN.
 *
 * A deploy that waits asks again and again, each time in a transaction of its own. So it occupies no server connection,
 * no timeout for statements or locks ends it, and it has no snapshot for which a CREATE INDEX CONCURRENTLY of the other
 * deploy would wait.
 */
export function lockInTransaction(dialect: Dialect, onWait: OnWait): Dialect {
  return {
    createDriver: () => lockAfterBegin(dialect.createDriver(), onWait),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => lockByTransaction(dialect.createAdapter(), onWait),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
}

function lockByTransaction(adapter: DialectAdapter, onWait: OnWait): DialectAdapter {
  adapter.acquireMigrationLock = async (db) => {
    const connection = await db.getExecutor().provideConnection(async (each) => {
      if (db.isTransaction) await waitUntil(() => tryLock(each), onWait)
      else pending.set(each, new PendingLock(each))
      return each
    })
    // A connection that was only borrowed has gone back to its pool.
    if (!db.isTransaction && !pending.has(connection)) throw new MigrationLockError('no connection')
  }
  // The transaction releases the lock. In an aborted one, an unlock would fail, and hide why it was aborted.
  adapter.releaseMigrationLock = async (db) => {
    if (db.isTransaction) return
    await db.getExecutor().provideConnection(async (connection) => pending.get(connection)?.end())
  }
  return adapter
}

function lockAfterBegin(driver: Driver, onWait: OnWait): Driver {
  const begin = originalOf(driver, 'beginTransaction')
  const rollback = originalOf(driver, 'rollbackTransaction')
  const release = originalOf(driver, 'releaseConnection')
  /** Kysely rolls back only what has begun, which is when beginTransaction resolves. */
  const beginLocked = async (connection: DatabaseConnection, settings: TransactionSettings): Promise<boolean> => {
    await begin(connection, settings)
    const isLocked = await tryLock(connection).catch(async (error: unknown) => {
      await rollback(connection).catch(() => {})
      throw error
    })
    if (!isLocked) await rollback(connection)
    return isLocked
  }
  driver.beginTransaction = (connection, settings) => {
    const waiting = pending.get(connection)
    if (waiting === undefined) return begin(connection, settings)
    waiting.end()
    // At a higher level the snapshot may be older than the lock, without what the other deploy has migrated.
    const locked = { ...settings, isolationLevel: settings.isolationLevel ?? ('read committed' as const) }
    return waitUntil(() => beginLocked(connection, locked), onWait)
  }
  driver.releaseConnection = (connection, options) => {
    pending.get(connection)?.end()
    return release(connection, options)
  }
  return driver
}

/** @throws MigrationLockError after an hour */
async function waitUntil(attempt: () => Promise<boolean>, onWait: OnWait): Promise<void> {
  const until = performance.now() + waitAtMostMillis
  for (let pause = 0; !(await attempt()); pause = Math.min(longestPauseMillis, pause * 2 || firstPauseMillis)) {
    if (pause === 0) onWait()
    if (performance.now() > until) throw new MigrationLockError('held')
    // Deploys that start together do not ask together.
    const millis = pause * (0.5 + Math.random() / 2)
    await new Promise((resolve) => setTimeout(resolve, millis))
  }
}

async function tryLock(connection: DatabaseConnection): Promise<boolean> {
  const sql = `select pg_try_advisory_xact_lock(${lockKey}) as locked`
  const { rows } = await connection.executeQuery<Row>(rawQuery(sql))
  return rows[0]?.['locked'] === true
}

/** A lock that waits for a BEGIN. Until then its connection refuses statements, which would run without the lock. */
class PendingLock {
  readonly #connection: DatabaseConnection
  readonly #own: PropertyDescriptorMap

  constructor(connection: DatabaseConnection) {
    this.#connection = connection
    this.#own = Object.getOwnPropertyDescriptors(connection)
    connection.executeQuery = () => Promise.reject(new MigrationLockError('no transaction'))
    connection.streamQuery = () => refusedRows
  }

  end(): void {
    pending.delete(this.#connection)
    for (const name of ['executeQuery', 'streamQuery'] as const) {
      const own = this.#own[name]
      if (own === undefined) Reflect.deleteProperty(this.#connection, name)
      else Object.defineProperty(this.#connection, name, own)
    }
  }
}

const refusedRows: AsyncIterableIterator<never> = {
  next: () => Promise.reject(new MigrationLockError('no transaction')),
  [Symbol.asyncIterator]: () => refusedRows,
}
