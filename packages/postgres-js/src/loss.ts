import { isConnectionGone } from '@poolsafe/core/internal'
import type { Connection, Query } from './driver.ts'
import type { Sending } from './pool.ts'

/**
 * Notes when a reserved connection is lost. postgres.js does not tell its holder: a later query is written to no socket,
 * and the TypeError in a timer ends the process; a release gives the closed connection to the next caller, with the same
 * end.
 */
export class Loss implements Sending {
  /** Why the connection is lost. */
  error: Error | undefined
  /** Queries that postgres.js keeps until the connection is free, and would never settle. */
  readonly #waiting = new Map<Query, (error: Error) => void>()

  constructor(connection: Connection | undefined) {
    if (connection !== undefined) Object.assign(connection, { onclose: this.#lost.bind(this) })
  }

  sent(query: Query, denied: (error: Error) => void): void {
    if (query.state === null) this.#waiting.set(query, denied)
  }

  ended(query: Query, error?: unknown): void {
    this.#waiting.delete(query)
    if (isConnectionGone(error)) this.#lost(error as Error)
  }

  #lost(error: Error): void {
    this.error ??= error
    for (const [query, denied] of this.#waiting) if (query.state === null) denied(error)
    this.#waiting.clear()
  }
}
