import type { Engine } from '@poolsafe/core/adapter'
import { acquisitions, type Acquiring, type ConnectionControl, type Holdable } from '@poolsafe/core/internal'
import type { DatabaseConnection, Driver } from 'kysely'

/** Marks a connection as handed out. A property, because a set would cost more than all the rest. */
const handedOutKey: unique symbol = Symbol('poolsafe.handedOut')

interface Known extends DatabaseConnection {
  [handedOutKey]?: boolean
}

/**
 * Notes that a driver has handed a connection out, or got it back. A hook uses its connection before the driver hands
 * it out, so a connection that is handed out belongs to another call.
 */
export function setHandedOut(connection: Known, isOut: boolean): void {
  if (connection[handedOutKey] !== undefined) connection[handedOutKey] = isOut
  else if (isOut) Object.defineProperty(connection, handedOutKey, { value: true, writable: true })
}

/** One call of `acquireConnection`. It learns its connection as soon as a hook of the dialect uses it. */
export class Acquisition implements Acquiring {
  /** The connection, once it is known. */
  connection: DatabaseConnection | undefined
  readonly driver: Driver
  readonly guard: Engine
  readonly signal: AbortSignal | undefined
  readonly #adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void
  #judgedBelow: Engine | undefined = undefined
  #holding: Holdable | undefined = undefined
  #control: ConnectionControl | undefined = undefined
  #hasAsked = false
  #isOver = false

  constructor(
    driver: Driver,
    guard: Engine,
    adopt: (connection: DatabaseConnection, acquiring: Acquiring) => void,
    signal: AbortSignal | undefined,
  ) {
    this.driver = driver
    this.guard = guard
    this.#adopt = adopt
    this.signal = signal
  }

  /** Returns the running acquisition that the caller is inside of. */
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

  /**
   * A pool sets these after the driver has asked. If the pool below is not guarded, they come from another pool, which
   * a hook uses.
   */
  #ofPool<Told>(told: Told): Told | undefined {
    return this.#judgedBelow === undefined ? undefined : told
  }

  /** Notes that the driver has asked its pool for a client. Pools that are asked later are those of a hook. */
  asked(): void {
    this.#hasAsked = true
  }

  /** Notes that a hook uses a connection: its own, or one of another Kysely. */
  uses(connection: DatabaseConnection): void {
    if ((connection as Known)[handedOutKey] !== true) this.gets(connection)
  }

  /** Adopts the connection that is being acquired. */
  gets(connection: DatabaseConnection): void {
    this.connection = connection
    this.#adopt(connection, this)
  }

  /**
   * Ends the acquisition. Sockets opened meanwhile keep the async context as long as they live, so it must be ignored
   * from now on.
   */
  end(): void {
    this.#isOver = true
  }
}
