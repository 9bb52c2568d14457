import { InvalidOptionError, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine } from '@poolsafe/core/adapter'
import type { Dialect } from 'kysely'
import { guardDriver } from './guard-driver.ts'

/**
 * Guards any PostgreSQL dialect of Kysely: everything that Kysely sends through it is judged first, its own migration
 * lock and the dialect's connection hooks included. Over a pool that `@poolsafe/pg` guards, the pool judges, since it
 * knows the server's own transaction status, and the dialect only sees to it that a refused connection is given back.
 *
 * @param dialect such as `new PostgresDialect({ pool })`; it is not changed
 * @param guard a guard, or the options to make one
 * @returns a dialect; with mode `off` the one that was handed in
 * @throws InvalidOptionError for what is no dialect; and in strict mode for one that another guard watches
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
