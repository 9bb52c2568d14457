import { clearTimeout, framesOf, isConnectionGone, setImmediate, setTimeout } from '@poolsafe/core/internal'
import type { Connections } from './connections.ts'
import type { DriverOptions, Query } from './driver.ts'

/** How long a connection may take to close after the error of its socket. */
const closeMillis = 1000

const closedCode = 'CONNECTION_CLOSED'

/**
 * Losses of the connections of one pool.
 *
 * When the socket of a connection fails, postgres.js rejects what the connection runs, and closes it a moment later. It
 * never answers what it writes in that moment, and the connection waits for that answer even after it is open again. So
 * poolsafe keeps queries back in that moment, and ends what a closed connection still waits for.
 */
export class Losses {
  /** Resolves when the connections are closed whose sockets have just failed. */
  closing: Promise<void> | undefined
  /** True once the application has ended the pool. */
  isEnded = false
  /** Forgets the pool. */
  readonly forget: () => void
  /**
   * The `state` of connections that were lost, and have answered no query since. The last error that the server has sent
   * to one reaches the query that opens it again.
   */
  readonly #lost = new Set<object>()
  /** The last error of each socket, by the `state` of its queries. */
  readonly #socketErrors = new WeakMap<object, unknown>()
  #closed: (() => void) | undefined

  constructor(options: DriverOptions, connections: Connections) {
    const { onclose } = options
    const closed = (id: number): void => {
      connections.isClosed(id)
      // Others close in the same moment: postgres.js loses what it writes to them before.
      this.#keepBack()
      this.#closed?.()
      onclose?.(id)
    }
    Object.assign(options, { onclose: closed })
    this.forget = () => void Object.assign(options, { onclose })
  }

  /** True if a connection was lost that has answered no query since. */
  get areOpen(): boolean {
    return this.#lost.size > 0
  }

  /**
   * Returns true once for each lost connection: if a query was rejected, before it was sent, with the error that the
   * server had sent to the lost one.
   */
  isOfEarlier({ state }: Query, error: unknown): boolean {
    const [lost] = this.#lost
    if (lost === undefined || state !== null || !isFatal(error)) return false
    return this.#lost.delete(lost)
  }

  /** Notes that a query has its answer. */
  answered({ state }: Query): void {
    if (this.#lost.size > 0 && state !== null) this.#lost.delete(state)
  }

  /**
   * Notes that a query has failed.
   *
   * @returns the error for the application
   */
  failed(query: Query, error: unknown): unknown {
    const { state } = query
    if (state === null || !(error instanceof Error)) return error
    const { code } = error as { readonly code?: unknown }
    if (code === 'CONNECTION_DESTROYED' && !this.isEnded)
      return closedError(query, error, this.#socketErrors.get(state))
    if (code === closedCode) this.#lost.add(state)
    else if (code !== 'CONNECTION_DESTROYED' && !isOfServer(error) && isConnectionGone(error)) {
      this.#lost.add(state)
      this.#socketErrors.set(state, error)
      this.#keepBack()
    }
    return error
  }

  #keepBack(): void {
    this.closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#closed?.(), closeMillis)
      this.#closed = () => {
        clearTimeout(timer)
        this.#closed = undefined
        setImmediate(() => {
          this.closing = undefined
          resolve()
        })
      }
    })
  }
}

/** True for an error of the server, or of a pooler. */
function isOfServer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'severity' in error
}

/** True for an error after which the server closes the connection. */
function isFatal(error: unknown): boolean {
  return isOfServer(error) && (error as { readonly severity?: unknown }).severity !== 'ERROR'
}

/**
 * Returns the error of a query that postgres.js wrote to a connection whose socket had failed. It has the code that
 * postgres.js has for a connection that is lost.
 *
 * @param cause the error of the socket, if a query has got it
 */
function closedError(query: Query, { message }: Error, cause: unknown): Error {
  const error = new Error(message.replace('CONNECTION_DESTROYED', closedCode), {
    cause: cause ?? new Error('the socket failed just before the query was written'),
  })
  const { string, parameters, args, statement, origin } = query
  const stack = `${error.name}: ${error.message}\n${framesOf(origin)}`
  const hidden = { query: string, parameters, args, types: statement?.types, stack }
  for (const [name, value] of Object.entries(hidden))
    Object.defineProperty(error, name, { value, configurable: true, writable: true })
  return Object.assign(error, { code: closedCode, errno: closedCode })
}
