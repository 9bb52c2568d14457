import type { Handler, Query } from './driver.ts'
import type { Pool, Sending } from './pool.ts'

/** How a query is settled. */
export interface Settling {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Returns how the query is settled for the application. */
export function settlingOf({ resolve, reject }: Query): Settling {
  return { resolve, reject }
}

/**
 * Sends a query by the driver's own handler.
 *
 * @param application how the query is settled for the application, which is not done here
 * @param pool that of the query
 * @param sending listens, from when postgres.js has the query
 * @returns the query's outcome
 */
export function sendBy(
  handler: Handler,
  query: Query,
  application: Settling,
  { losses }: Pool,
  sending: Sending | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (result: unknown): void => {
      query.active = false
      losses.answered(query)
      withoutHoles(result)
      const rows = rowsRead.get(query)
      if (rows !== undefined && typeof result === 'object' && result !== null) rowsRead.set(result, rows)
      resolve(result)
    }
    if (query.cursorFn !== undefined) countRows(query)
    query.resolve = query.streaming === true ? streamFirst(query, application, settle) : settle
    query.reject = (error) => {
      query.active = false
      if (losses.isOfEarlier(query, error)) return queueMicrotask(() => handler(query))
      reject(losses.failed(query, error))
    }
    handler(query)
    sending?.sent(query, reject)
  })
}

/** A COPY has two results: first its stream, which the application needs for the second one to come. */
function streamFirst(query: Query, application: Settling, settle: (result: unknown) => void): Settling['resolve'] {
  return (result) => {
    if (Array.isArray(result)) return settle(result)
    query.resolve = settle
    application.resolve(result)
  }
}

/**
 * Removes the holes before the first row. postgres.js counts on from the rows that a connection had read of a result
 * when it was lost, so the first result after that has as many holes.
 */
export function withoutHoles<Result>(result: Result): Result {
  if (!Array.isArray(result) || result.length === 0) return result
  // A text of several statements has a list of results.
  if (0 in result) withoutHoles(result[0])
  else
    result.splice(
      0,
      result.findIndex((_row, index) => index in result),
    )
  return result
}

/** The rows that the callback of a cursor has read, by query, and by its result. postgres.js counts the last chunk alone. */
const rowsRead = new WeakMap<object, number>()

function countRows(query: Query): void {
  const { cursorFn } = query
  rowsRead.set(query, 0)
  query.cursorFn = (rows) => {
    rowsRead.set(query, (rowsRead.get(query) ?? 0) + rows.length)
    return cursorFn?.(withoutHoles(rows))
  }
}

/** Returns the number of rows of a result, or of a chunk of a cursor. */
export function rowsOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined
  const { count } = result as { readonly count?: number | null }
  return rowsRead.get(result) ?? count ?? (Array.isArray(result) ? result.length : undefined)
}
