import {
  acquisitions,
  type Acquiring,
  type ConnectionControl,
  type Engine,
  type Holdable,
} from '@poolsafe/core/adapter'
import type { DatabaseConnection, Driver } from 'kysely'

/** Where a connection keeps whether it is handed out: a property, as a set would cost more than all the rest. */
const handedOutKey: unique symbol = Symbol('poolsafe.handedOut')

interface Known extends DatabaseConnection {
  [handedOutKey]?: boolean
}

/**
 * A driver has handed a connection out, or got it back. A hook has its connection before it is handed out: any other is
 * not its own.
 */
export function setHandedOut(connection: Known, isOut: boolean): void {
  if (connection[handedOutKey] !== undefined) connection[handedOutKey] = isOut
  else if (isOut) Object.defineProperty(connection, handedOutKey, { value: true, writable: true })
}

/** One `acquireConnection`, which wants to hear of its connection as soon as a hook of the dialect uses it. */
export class Acquisition implements Acquiring {
  /** The connection that a hook has used so far. */
  connection: DatabaseConnection | undefined
  readonly driver: Driver
  readonly signal: AbortSignal | undefined
  readonly #adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void
  #judgedBelow: Engine | undefined = undefined
  #holding: Holdable | undefined = undefined
  #control: ConnectionControl | undefined = undefined
  #hasAsked = false
  #isOver = false

  constructor(
    driver: Driver,
    adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void,
    signal: AbortSignal | undefined,
  ) {
    this.driver = driver
    this.#adopt = adopt
    this.signal = signal
  }

  /** The acquisition that runs now, if the caller is inside one. */
  static current(): Acquisition | undefined {
    const store = acquisitions.getStore()
    return store instanceof Acquisition && !store.#isOver ? store : undefined
  }

  get judgedBelow(): Engine | undefined {
    return this.#judgedBelow
  }

  set judgedBelow(guard: Engine | undefined) {
    if (!this.#hasAsked) this.#judgedBelow = guard
  }

  get holding(): Holdable | undefined {
    return this.#holding
  }

  set holding(holding: Holdable | undefined) {
    this.#holding ??= this.#ofPool(holding)
  }

  get control(): ConnectionControl | undefined {
    return this.#control
  }

  set control(control: ConnectionControl | undefined) {
    this.#control ??= this.#ofPool(control)
  }

  /** Comes later than the question; where the pool below is not guarded it is of another pool, which a hook uses. */
  #ofPool<Told>(told: Told): Told | undefined {
    return this.#judgedBelow === undefined ? undefined : told
  }

  /** The driver has asked its pool for a client: the pools that are asked from here on are those of a hook. */
  asked(): void {
    this.#hasAsked = true
  }

  /** A hook uses a connection: its own, or one of another Kysely. */
  uses(connection: DatabaseConnection): void {
    if ((connection as Known)[handedOutKey] !== true) this.gets(connection)
  }

  /** This is the connection that is being acquired. */
  gets(connection: DatabaseConnection): void {
    this.connection = connection
    this.#adopt(connection, this)
  }

  /** Sockets opened meanwhile keep the context for as long as they live: from here on it means nothing. */
  end(): void {
    this.#isOver = true
  }
}
