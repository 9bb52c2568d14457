import { processWide, type Acquiring, type ConnectionControl, type Guard, type Holdable } from '@poolsafe/core'
import type { DatabaseConnection } from 'kysely'

/** One `acquireConnection`, which wants to hear of its connection as soon as a hook of the dialect uses it. */
export class Acquisition implements Acquiring {
  judgedBelow: Guard | undefined
  holding: Holdable | undefined
  control: ConnectionControl | undefined
  readonly signal: AbortSignal | undefined
  /** The connection that a hook has used so far. */
  connection: DatabaseConnection | undefined
  readonly #adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void
  #isOver = false

  constructor(adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void, signal: AbortSignal | undefined) {
    this.#adopt = adopt
    this.signal = signal
  }

  /** The acquisition that runs now, if the caller is inside one. */
  static current(): Acquisition | undefined {
    const store = processWide.acquiring.getStore()
    return store instanceof Acquisition && !store.#isOver ? store : undefined
  }

  /** A hook uses this connection. */
  uses(connection: DatabaseConnection): void {
    this.connection = connection
    this.#adopt(connection, this)
  }

  /** Sockets opened meanwhile keep the context for as long as they live: from here on it means nothing. */
  end(): void {
    this.#isOver = true
  }
}
