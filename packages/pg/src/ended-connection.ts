import type { ClientLike } from './types.ts'

/** The part of pg's connection that is used here. */
interface Connection {
  once(event: 'end', listener: () => void): unknown
  on(event: 'newListener', listener: (event: string, listener: () => void) => void): unknown
  rawListeners(event: 'readyForQuery'): readonly (OnceWrapper | (() => void))[]
}

/** Node wraps a listener that is called once, and keeps the listener itself in a property. */
interface OnceWrapper {
  (): void
  readonly listener?: () => void
}

/**
 * Lets the callers of `cursor.close()` go on when the connection is lost. pg-cursor waits there for a ReadyForQuery, which never comes:
 * without this, a loop over the rows of a pg-query-stream hangs forever instead of ending with its error.
 */
export function endClosingCursors(client: ClientLike): void {
  const { connection } = client as { readonly connection?: Partial<Connection> }
  if (typeof connection?.once !== 'function' || typeof connection.rawListeners !== 'function') return
  const wired = connection as Connection
  wired.once('end', () => {
    for (const waiting of wired.rawListeners('readyForQuery')) {
      if ('listener' in waiting) waiting()
    }
    // A cursor may learn of its error, and close, only after the connection has ended.
    wired.on('newListener', (event, listener) => {
      if (event === 'readyForQuery') setImmediate(listener)
    })
  })
}
