import { InvalidOptionError, type CheckoutOptions, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine, type Engine } from '@poolsafe/core/adapter'
import { checkObject, resolveLimits, type CheckoutLimits } from '@poolsafe/core/internal'
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
 * @throws InvalidOptionError if `sql` is not an `sql` of postgres.js, or a limit is invalid; in strict mode, also if
 * another guard watches it
 * @throws UnsafeStatementError in strict mode, if its options are not safe behind the pooler: named statements
 *   (`prepare`), startup parameters (`connection`), or a URL that contradicts the profile of the guard
 */
export function guardSql<Types extends Record<string, unknown>>(
  sql: PublicSql<Types>,
  guard?: Guard | GuardOptions,
  options: SqlOptions = {},
): PublicSql<Types> {
  check(sql)
  const limits = limitsOf(options)
  const original = originalOf(sql) as PoolSql
  const theirs = engineOf(original)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'an sql of postgres.js')
    return (guardedBy.get(original) ?? original) as unknown as PublicSql<Types>
  }
  const ours = toEngine(guard)
  if (ours.mode === 'off') return sql
  refuseLogin(original, ours)
  const { guarded } = guardPool(original, ours, limits, options.poolName)
  guardedBy.set(original, guarded)
  markGuarded(original, ours)
  return markGuarded(guarded, ours) as unknown as PublicSql<Types>
}

/**
 * For the register: guards an `sql` as {@link guardSql} does, until the application guards it itself.
 *
 * @throws UnsafeStatementError in strict mode, if its options are not safe behind the pooler
 */
export function guardSqlMeanwhile(sql: object, guard: Guard, options: SqlOptions = {}): object {
  check(sql)
  const original = sql as unknown as PoolSql
  const ours = toEngine(guard)
  const bare = Object.getOwnPropertyDescriptors(original)
  refuseLogin(original, ours)
  const { guarded, forget } = guardPool(original, ours, limitsOf(options), options.poolName)
  const undo = (): void => {
    forget()
    Object.defineProperties(original, bare)
  }
  meanwhile.set(original, { original, undo }).set(guarded, { original, undo })
  return guarded
}

/** The objects that {@link guardSqlMeanwhile} guards: by the `sql` of postgres.js, and by the guarded one. */
const meanwhile = new WeakMap<object, { readonly original: PoolSql; readonly undo: () => void }>()

/** Returns the `sql` of postgres.js itself. From now on only the caller guards it. */
function originalOf(sql: object): object {
  const guarded = meanwhile.get(sql)
  if (guarded === undefined) return sql
  const { original, undo } = guarded
  if (meanwhile.delete(original)) undo()
  return original
}

function limitsOf(options: SqlOptions): CheckoutLimits {
  checkObject('guardSql()', options, optionNames)
  const { poolName: _, ...given } = options
  return { ...resolveLimits('guardSql()', given), callSites: true }
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
