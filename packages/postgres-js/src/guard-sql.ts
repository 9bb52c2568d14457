import { InvalidOptionError, type CheckoutOptions, type Guard, type GuardOptions } from '@poolsafe/core'
import {
  checkObject,
  engineOf,
  keepFirstGuard,
  markGuarded,
  resolveLimits,
  toEngine,
  type Engine,
} from '@poolsafe/core/adapter'
import type { Sql as PublicSql } from 'postgres'
import type { PoolSql, Sql } from './driver.ts'
import { guardPool } from './pool-sql.ts'

/** How long calls wait for a connection of postgres.js, and how long they may hold it. */
export interface SqlOptions extends Pick<
  CheckoutOptions,
  'acquireTimeoutMillis' | 'maxWaiting' | 'leakDetectionMillis' | 'idleInTransactionMillis'
> {
  /** The name of the pool in logs, statistics and metrics. @default its server and database: `localhost:6432/shop` */
  readonly poolName?: string
}

const optionNames: readonly (keyof SqlOptions)[] = [
  'acquireTimeoutMillis',
  'maxWaiting',
  'leakDetectionMillis',
  'idleInTransactionMillis',
  'poolName',
]

/** The guarded function of each `sql` that postgres.js has made. */
const guardedBy = new WeakMap<object, object>()

/**
 * Guards an `sql` of postgres.js. poolsafe judges each query before it is sent: templates, `unsafe`, `file`, cursors,
 * COPY, and those of `begin`, `savepoint` and `reserve`; also `listen`, `subscribe` and `notify`.
 *
 * Use what this returns in the place of `sql`. A template of the old `sql` is not guarded, because no one can replace
 * what a function does; its methods are.
 *
 * @param sql what `postgres(…)` has returned
 * @param guard a guard, or the options to make one
 * @param options how long calls wait for a connection, and how long they may hold it
 * @returns a function that is used as `sql` is; with mode `off` the given one
 * @throws InvalidOptionError if `sql` is not an `sql` of postgres.js, or a limit is invalid; in strict mode, also if another guard watches it
 * @throws UnsafeStatementError in strict mode, if its options are not safe behind the pooler: named statements
 *   (`prepare`), startup parameters (`connection`), or a URL that contradicts the profile of the guard
 */
export function guardSql<Types extends Record<string, unknown>>(
  sql: PublicSql<Types>,
  guard?: Guard | GuardOptions,
  options: SqlOptions = {},
): PublicSql<Types> {
  const original = sql as unknown as PoolSql
  check(original)
  checkObject('guardSql()', options, optionNames)
  const { poolName, ...given } = options
  const limits = { ...resolveLimits('guardSql()', given), callSites: true }
  const theirs = engineOf(original)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'an sql of postgres.js')
    return (guardedBy.get(original) ?? original) as unknown as PublicSql<Types>
  }
  const ours = toEngine(guard)
  if (ours.mode === 'off') return sql
  refuseLogin(original, ours)
  const guarded = guardPool(original, ours, limits, poolName)
  guardedBy.set(original, guarded)
  markGuarded(original, ours)
  return markGuarded(guarded, ours) as unknown as PublicSql<Types>
}

function check(sql: unknown): void {
  const isSql = typeof sql === 'function' && ['unsafe', 'begin', 'options'].every((name) => name in sql)
  if (!isSql) throw new InvalidOptionError('guardSql(): sql', sql, 'an sql of postgres.js: postgres(…)')
}

/** Judges what each connection does before its first query. */
function refuseLogin({ options }: Sql, guard: Engine): void {
  const { connection = {}, host = [], port = [], prepare } = options
  const address = { host: host[0], port: port[0] }
  const refusal =
    guard.refuseLogin(connection, address, guardSql) ??
    (prepare ? guard.refuseCall('namedStatement', guardSql) : undefined)
  if (refusal !== undefined) throw refusal
}
