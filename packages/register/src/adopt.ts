import { InvalidOptionError, UnsafeStatementError, type CheckoutOptions, type Guard } from '@poolsafe/core'
import { engineOf, type Engine } from '@poolsafe/core/adapter'
import { acquisitions } from '@poolsafe/core/internal'
import { guardClient, guardPool, type ClientLike, type PoolLike } from '@poolsafe/pg'

/** The part of pg-pool's options that decides how long its callers wait. */
interface PoolWithOptions {
  readonly options?: { connectionTimeoutMillis?: number | undefined }
}

/**
 * Guards a pool or client that the application has not guarded itself.
 *
 * @param limits those of the configuration
 * @throws UnsafeStatementError in strict mode, if its login is not safe behind the pooler
 */
export function adopt(target: object, guard: Guard, limits: CheckoutOptions | undefined): void {
  try {
    if (isPool(target)) adoptPool(target, guard, limits)
    else guardClient(target as ClientLike, guard)
  } catch (error) {
    if (error instanceof UnsafeStatementError) throw error
    if (error instanceof InvalidOptionError) engineOf(guard).warn(`not guarded: ${error.message}`)
    else engineOf(guard).fault('guard a pool or client', error)
  }
}

/** A pool counts its clients; a client, which has the same methods, does not. */
function isPool(target: object): target is PoolLike & PoolWithOptions {
  return 'totalCount' in target
}

/**
 * Guards a pool with the guard of the dialect that asks it for a connection, if there is one.
 *
 * Without a limit in the configuration, callers wait as long as they did before: forever, unless the pool has a limit.
 */
function adoptPool(pool: PoolLike & PoolWithOptions, guard: Guard, limits: CheckoutOptions | undefined): void {
  if (pool.options !== undefined && limits?.acquireTimeoutMillis === undefined)
    pool.options.connectionTimeoutMillis ??= 0
  const above: Guard | Engine = acquisitions.getStore()?.guard ?? guard
  // An engine is what guardPool() makes of a guard.
  guardPool(pool, above as Guard, limits)
}
