import type { Entry } from '@poolsafe/core/adapter'
import { AwaitChain, formatCallSite, mayPlace, openCallback } from '@poolsafe/core/internal'
import type { Query } from './driver.ts'
import type { Pool } from './pool.ts'

/** Keeps where the transaction began in whose callback the application has made the query. */
const outsideKey: unique symbol = Symbol('poolsafe.outside')

interface OutsideQuery extends Query {
  [outsideKey]?: string
}

/**
 * Returns where the open transaction began whose callback calls the pool itself; `undefined` outside of callbacks. Work
 * that the callback starts and does not await is not the transaction's. Costs one lookup outside of callbacks.
 *
 * @param entry the function that the application calls
 */
export function callbackAround(pool: Pool, entry: Entry): string | undefined {
  const open = openCallback(pool)
  if (open === undefined || !mayPlace(pool.guard.mode)) return undefined
  const isInside = new AwaitChain(entry).hasRootOf(open.callback.chain)
  return isInside === true ? (formatCallSite(open.callback.chain.frames) ?? '') : undefined
}

/** Notes where a query of the pool is made. It is no statement as long as it is only a part of another query. */
export function noteOutside(query: OutsideQuery, began: string | undefined): Query {
  if (began !== undefined) query[outsideKey] = began
  return query
}

/** Returns what {@link noteOutside} has noted. */
export function outsideOf(query: OutsideQuery): string | undefined {
  return query[outsideKey]
}
