import { performance } from '@poolsafe/core/internal'
import type { Connection } from './types.ts'

/**
 * Follows the readers of cursors on one connection. While a reader is busy elsewhere the server has nothing to do. The
 * server's row count at the end covers only the last portion.
 */
export class ReaderWatch {
  /** When the server began to wait for the reader; 0 while it does not wait. */
  #since = 0
  /** True if rows were requested, or if the statement needs no request. */
  #isAsked = false
  #portion = 0
  #rows = 0
  #millis = 0

  constructor(connection: Connection) {
    const wait = (): void => void (this.#since = performance.now())
    const described = (): void => {
      if (!this.#isAsked) wait()
    }
    connection.prependListener('rowDescription', described)
    connection.prependListener('noData', described)
    connection.prependListener('portalSuspended', () => {
      this.#rows += this.#portion
      wait()
    })
    this.#followCalls(connection)
  }

  /** How long the server has waited for the reader; 0 while it does not wait. */
  get unreadMillis(): number {
    return this.#since === 0 ? 0 : performance.now() - this.#since
  }

  #followCalls(connection: Connection): void {
    const { query, execute, close } = connection
    connection.query = (...args) => {
      this.#isAsked = true
      Reflect.apply(query, connection, args)
    }
    connection.execute = (...args) => {
      this.#isAsked = true
      this.#portion = (args[0] as { readonly rows?: number } | undefined)?.rows ?? 0
      this.#back()
      Reflect.apply(execute, connection, args)
    }
    connection.close = (...args) => {
      this.#back()
      Reflect.apply(close, connection, args)
    }
  }

  #back(): void {
    if (this.#since > 0) this.#millis += performance.now() - this.#since
    this.#since = 0
  }

  /** Returns the reader's time and the rows of its whole portions for the present statement, and resets both. */
  take(): { readonly readerMillis: number; readonly rows: number } {
    this.#back()
    const taken = { readerMillis: this.#millis, rows: this.#rows }
    this.#isAsked = false
    this.#rows = 0
    this.#millis = 0
    return taken
  }
}
