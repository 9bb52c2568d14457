import type { CheckoutEvents } from '../checkout/events.ts'
import type { KnownException } from '../exceptions/exception.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { Finding } from './finding.ts'

/** A statement was found unsafe. */
export interface FindingEvent {
  readonly findings: readonly [Finding, ...Finding[]]
  /** Its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** Whether the statement was refused, and not sent; or the server's answer to one, which was. */
  readonly refused: boolean
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation: string | undefined
  /** The application's own line that sent it, below the working folder, where known: `placeOrder (src/orders.ts:14:5)`. */
  readonly place: string | undefined
  /** The stack that `place` is taken from: lines of frames without a message. */
  readonly stack: string | undefined
  /** The whole report, as logged or thrown. */
  readonly message: string
}

/** Findings were allowed by an exception: for those there is no {@link FindingEvent}. */
export interface AllowedEvent {
  readonly findings: readonly [Finding, ...Finding[]]
  /** Its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation: string | undefined
  /** What allowed them, with the reason. */
  readonly allowedBy: KnownException
}

/** The events of a guard, by name. */
export interface GuardEvents extends CheckoutEvents {
  finding: FindingEvent
  allowed: AllowedEvent
  fault: Error
}

type Listener<Event> = (event: Event) => void

/** The only way out for everything that watches. A listener that throws never reaches the query. */
export class Events {
  readonly #listeners: { [Name in keyof GuardEvents]: Set<Listener<GuardEvents[Name]>> } = {
    finding: new Set(),
    allowed: new Set(),
    fault: new Set(),
    acquire: new Set(),
    release: new Set(),
    poolerWait: new Set(),
    timeout: new Set(),
    deadlock: new Set(),
    leak: new Set(),
    leakEnd: new Set(),
    connectFailure: new Set(),
  }

  /** @returns what removes the listener again */
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void {
    const listeners = this.#listeners[name]
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  get names(): readonly string[] {
    return Object.keys(this.#listeners)
  }

  isEvent(name: string): name is keyof GuardEvents {
    return name in this.#listeners
  }

  has(name: keyof GuardEvents): boolean {
    return this.#listeners[name].size > 0
  }

  /** @returns what the listeners threw */
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): unknown[] {
    const thrown: unknown[] = []
    for (const listener of this.#listeners[name]) {
      try {
        listener(event)
      } catch (error) {
        thrown.push(error)
      }
    }
    return thrown
  }
}
