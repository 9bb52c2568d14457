import { setImmediate } from '@poolsafe/core/internal'
import { activeQueryOf, type ClientLike, type DriverFunction, isWired, type Query, type WiredClient } from './types.ts'

/** The part of pg's connection that is used here. */
interface Connection {
  close: (message: unknown) => void
  prependListener(event: 'errorMessage' | 'error' | 'end', listener: () => void): unknown
  once(event: 'end', listener: () => void): unknown
  on(event: 'newListener', listener: (event: string, listener: () => void) => void): unknown
  rawListeners(event: 'readyForQuery'): readonly (OnceWrapper | (() => void))[]
}

/** Node's wrapper of a one-time listener, which keeps the listener in a property. */
interface OnceWrapper {
  (): void
  readonly listener?: () => void
}

/** pg-cursor's state of a `read` call, and the method by which pg reports a failure. */
interface Cursor {
  state?: string
  _cb?: ((error: unknown) => void) | null
}

type Reading = Query & { handleError?: DriverFunction; readonly cursor?: Cursor } & Cursor

/**
 * Wakes the callers of a cursor if pg-cursor waits for a ReadyForQuery that never comes. Without this, a loop over the
 * rows of a pg-query-stream hangs forever instead of ending with its error:
 *
 * - `close()` after the connection is lost;
 * - `close()` after an error that came while nothing was reading, such as a statement_timeout: the server has been
 *   ready again since;
 * - `read()` of the last rows, if the statement fails after its CommandComplete or the connection is lost there.
 */
export function endWaitingCursors(client: ClientLike): void {
  const { connection } = client as { readonly connection?: Partial<Connection> }
  if (!isWired(client) || typeof connection?.once !== 'function' || typeof connection.rawListeners !== 'function')
    return
  const wired = connection as Connection
  for (const event of ['errorMessage', 'error', 'end'] as const)
    wired.prependListener(event, () => failLastRead(client))
  endClosing(client, wired)
}

function endClosing(client: WiredClient, connection: Connection): void {
  let hasEnded = false
  let isClosing = false
  const { close } = connection
  connection.close = (...args) => {
    isClosing = client.readyForQuery === true
    Reflect.apply(close, connection, args)
  }
  connection.on('newListener', (event, listener) => {
    if (event !== 'readyForQuery' || !(hasEnded || isClosing)) return
    isClosing = false
    setImmediate(() => goOn(connection, listener))
  })
  connection.once('end', () => {
    hasEnded = true
    for (const waiting of connection.rawListeners('readyForQuery')) {
      if ('listener' in waiting) waiting()
    }
  })
}

/** Calls a listener that waits for a ReadyForQuery, unless that came. */
function goOn(connection: Connection, listener: () => void): void {
  const waiting = connection
    .rawListeners('readyForQuery')
    .find((each) => 'listener' in each && each.listener === listener)
  waiting?.()
}

/** pg forgets a query once it has reported its error, and a cursor with a complete statement does not listen. */
function failLastRead(client: WiredClient): void {
  const query: Reading | undefined = activeQueryOf(client)
  const cursor = query?.cursor ?? query
  if (query?.handleError === undefined || cursor?.state !== 'done' || typeof cursor._cb !== 'function') return
  const { handleError } = query
  query.handleError = (...args) => {
    Reflect.apply(handleError, query, args)
    const reader = cursor._cb
    cursor._cb = null
    reader?.(args[0])
  }
}
