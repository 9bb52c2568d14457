import { processWide, type Acquiring, type Guard } from '@poolsafe/core'
import type { DatabaseConnection, Driver } from 'kysely'

/** What drivers have handed out and not got back. A hook has its connection before it is handed out: any other is not its own. */
export const handedOut = new WeakSet<DatabaseConnection>()

/** One `acquireConnection`, which wants to hear of its connection as soon as a hook of the dialect uses it. */
export class Acquisition implements Acquiring {
  /** The connection that a hook has used so far. */
  connection: DatabaseConnection | undefined
  readonly driver: Driver
  readonly #adopt: (connection: DatabaseConnection, judgedBelow: Guard | undefined) => void
  #judgedBelow: Guard | undefined
  #hasAsked = false
  #isOver = false

  constructor(driver: Driver, adopt: (connection: DatabaseConnection, judgedBelow: Guard | undefined) => void) {
    this.driver = driver
    this.#adopt = adopt
  }

  /** The acquisition that runs now, if the caller is inside one. */
  static current(): Acquisition | undefined {
    const store = processWide.acquiring.getStore()
    return store instanceof Acquisition && !store.#isOver ? store : undefined
  }

  get judgedBelow(): Guard | undefined {
    return this.#judgedBelow
  }

  set judgedBelow(guard: Guard | undefined) {
    if (!this.#hasAsked) this.#judgedBelow = guard
  }

  /** The driver has asked its pool for a client: the pools that are asked from here on are those of a hook. */
  asked(): void {
    this.#hasAsked = true
  }

  /** A hook uses a connection: its own, or one of another Kysely. */
  uses(connection: DatabaseConnection): void {
    if (!handedOut.has(connection)) this.gets(connection)
  }

  /** This is the connection that is being acquired. */
  gets(connection: DatabaseConnection): void {
    this.connection = connection
    this.#adopt(connection, this.#judgedBelow)
  }

  /** Sockets opened meanwhile keep the context for as long as they live: from here on it means nothing. */
  end(): void {
    this.#isOver = true
  }
}
