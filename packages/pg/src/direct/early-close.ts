import { setImmediate } from '@poolsafe/core/internal'
import type { Submittable } from '../statement.ts'
import type { DriverFunction } from '../types.ts'

/** The parts of pg-cursor that are used here. */
interface Cursor {
  readonly state: string
  /** `read` calls that wait for the cursor to be sent: the number of rows, and what receives them. */
  readonly _queue: [number, DriverFunction][]
  close: DriverFunction
  handleReadyForQuery(): void
}

/**
 * Ends a cursor that is closed before it is sent: it is complete, without rows, and is never sent. pg-cursor itself
 * forgets such a close. It would be sent later, nothing would read or close it, and its connection would wait forever.
 *
 * @param query a cursor of pg-cursor or a stream of pg-query-stream; others stay as they are
 */
export function heedEarlyClose(query: Submittable): void {
  const { cursor = query } = query as { readonly cursor?: object }
  if (!isCursor(cursor)) return
  const { close } = cursor
  const { submit } = query as { readonly submit: DriverFunction }
  let isClosed = false
  cursor.close = (...args) => {
    if (cursor.state === 'initialized') {
      isClosed = true
      cursor.handleReadyForQuery()
      for (const [, receive] of cursor._queue.splice(0)) setImmediate(receive, null, [])
    }
    return Reflect.apply(close, cursor, args)
  }
  // pg goes on with the next statement after an error.
  query.submit = (connection) =>
    isClosed ? new Error('the cursor was closed before it was sent') : Reflect.apply(submit, query, [connection])
}

function isCursor(value: object): value is Cursor {
  const { close, handleReadyForQuery, _queue: queue } = value as Partial<Cursor>
  return typeof close === 'function' && typeof handleReadyForQuery === 'function' && Array.isArray(queue)
}
