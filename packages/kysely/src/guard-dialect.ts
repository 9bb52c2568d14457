import { InvalidOptionError, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine } from '@poolsafe/core/adapter'
import type { Dialect } from 'kysely'
import { guardDriver } from './guard-driver.ts'

/**
 * Guards any PostgreSQL dialect of Kysely. poolsafe judges every statement before it is sent, including Kysely's
 * migration lock and the dialect's connection hooks. Over a pool that `@poolsafe/pg` guards, the pool judges, because
 * it knows the server's transaction status. The dialect then only releases the connection after a refusal.
 *
 * @param dialect such as `new PostgresDialect({ pool })`; it is not changed
 * @param guard a guard, or the options to make one
 * @returns a guarded dialect; with mode `off` the given dialect
 * @throws InvalidOptionError if `dialect` is not a dialect, or if a strict guard is given for a dialect that another
 *   guard watches
 */
export function guardDialect(dialect: Dialect, guard?: Guard | GuardOptions): Dialect {
  if (typeof dialect?.createDriver !== 'function' || typeof dialect.createQueryCompiler !== 'function') {
    throw new InvalidOptionError(
      'guardDialect(): dialect',
      dialect,
      'a dialect of Kysely, such as new PostgresDialect({ pool })',
    )
  }
  const theirs = engineOf(dialect)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'a dialect')
    return dialect
  }
  const ours = toEngine(guard)
  if (ours.mode === 'off') return dialect
  const guarded: Dialect = {
    createDriver: () => guardDriver(dialect.createDriver(), ours),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
  return markGuarded(guarded, ours)
}
