import { InvalidOptionError, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine, type Engine } from '@poolsafe/core/adapter'
import { checkObject, checkOneOf } from '@poolsafe/core/internal'
import type { Dialect } from 'kysely'
import { guardDriver } from './guard-driver.ts'
import { lockInTransaction } from './migration-lock.ts'

/** Options of {@link guardDialect}. */
export interface DialectOptions {
  /**
   * `transaction`: Kysely's Migrator takes its lock in the transaction of the migrations (`pg_try_advisory_xact_lock`),
   * which works behind a transaction pooler. Migrations with `disableTransactions` are refused with a
   * {@link MigrationLockError}.
   *
   * @default the lock of the dialect, which since Kysely 0.29.3 (and 0.28.18) is a lock of the session
   */
  readonly migrations?: 'transaction'
}

/**
 * Guards any PostgreSQL dialect of Kysely. poolsafe judges every statement before it is sent, including Kysely's
 * migration lock and the dialect's connection hooks. Over a pool that `@poolsafe/pg` guards, the pool judges, because
 * it knows the server's transaction status. The dialect then only releases the connection after a refusal.
 *
 * @param dialect such as `new PostgresDialect({ pool })`; it is not changed
 * @param guard a guard, or the options to make one
 * @returns a guarded dialect; with mode `off` the given dialect, with the options
 * @throws InvalidOptionError if `dialect` is not a dialect, for an unknown option, or if a strict guard is given for a dialect that another
 *   guard watches
 */
export function guardDialect(dialect: Dialect, guard?: Guard | GuardOptions, options: DialectOptions = {}): Dialect {
  if (typeof dialect?.createDriver !== 'function' || typeof dialect.createQueryCompiler !== 'function') {
    throw new InvalidOptionError(
      'guardDialect(): dialect',
      dialect,
      'a dialect of Kysely, such as new PostgresDialect({ pool })',
    )
  }
  checkObject('guardDialect()', options, ['migrations'])
  const { migrations } = options
  if (migrations !== undefined) checkOneOf('migrations', migrations, ['transaction'])
  const theirs = engineOf(dialect)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'a dialect')
    return migrations === undefined ? dialect : markGuarded(locking(dialect, theirs), theirs)
  }
  const ours = toEngine(guard)
  const watched = ours.mode === 'off' ? dialect : watch(dialect, ours)
  const result = migrations === undefined ? watched : locking(watched, ours)
  return ours.mode === 'off' ? result : markGuarded(result, ours)
}

function locking(dialect: Dialect, guard: Engine): Dialect {
  return lockInTransaction(dialect, () =>
    guard.info('the migrations wait for their lock, which another deploy holds; they wait for an hour at most'),
  )
}

function watch(dialect: Dialect, ours: Engine): Dialect {
  return {
    createDriver: () => guardDriver(dialect.createDriver(), ours),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
}
