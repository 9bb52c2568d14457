import { channel, type Channel } from 'node:diagnostics_channel'
import { checkoutEventNames, type CheckoutEvents } from '../checkout/events.ts'
import type { KnownException } from '../exceptions/exception.ts'
import { observeEventNames, type ObserveEvents } from '../observe/events.ts'
import { keysOf } from '../options.ts'
import { isThenable } from '../thenable.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { Finding } from './finding.ts'

/** A statement was found unsafe. */
export interface FindingEvent {
  readonly findings: readonly [Finding, ...Finding[]]
  /** The statement text, with its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** Whether poolsafe refused the statement before sending it, or refused the server's answer to it. */
  readonly refused: boolean
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  /**
   * The call site in your application, relative to the working folder, if known: `placeOrder (src/orders.ts:14:5)`.
   */
  readonly place: string | undefined
  /** The stack that contains `place`: lines of frames, without a message. */
  readonly stack: string | undefined
  /** The whole report, as logged or thrown. */
  readonly message: string
}

/** An exception allowed findings. They send no {@link FindingEvent}. */
export interface AllowedEvent {
  readonly findings: readonly [Finding, ...Finding[]]
  /** The statement text, with its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  /** The exception that allowed them, with its reason. */
  readonly allowedBy: KnownException
}

/** The events of a guard, by name. */
export interface GuardEvents extends CheckoutEvents, ObserveEvents {
  finding: FindingEvent
  allowed: AllowedEvent
  fault: Error
}

type Listener<Event> = (event: Event) => unknown

type OwnEvents = Omit<GuardEvents, keyof CheckoutEvents | keyof ObserveEvents>

const names: readonly (keyof GuardEvents)[] = [
  ...keysOf<OwnEvents>({ finding: true, allowed: true, fault: true }),
  ...observeEventNames,
  ...checkoutEventNames,
]

/**
 * Who hears of one event: those who asked the guard, and whoever subscribed to the channel of its name, of all guards
 * of the process.
 */
interface Audience<Event> {
  readonly listeners: Set<Listener<Event>>
  readonly channel: Channel
}

type Audiences = { readonly [Name in keyof GuardEvents]: Audience<GuardEvents[Name]> }

/**
 * The only way out for everything that watches: `guard.on(name)`, and `node:diagnostics_channel` as `poolsafe:<name>`.
 * A listener that throws, or whose promise rejects, never reaches the query; what a subscriber of a channel throws Node
 * itself reports as an uncaught exception.
 */
export class Events {
  readonly #audiences = Object.fromEntries(
    names.map((name) => [name, { listeners: new Set(), channel: channel(`poolsafe:${name}`) }]),
  ) as unknown as Audiences

  /** @returns what removes the listener again */
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void {
    const { listeners } = this.#audiences[name]
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  get names(): readonly string[] {
    return names
  }

  has(name: keyof GuardEvents): boolean {
    const audience = this.#audiences[name]
    return audience.listeners.size > 0 || audience.channel.hasSubscribers
  }

  /** @param failed told what a listener threw; what the promise of an asynchronous one rejects with, later */
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name], failed: (error: unknown) => void): void {
    const audience: Audience<GuardEvents[Name]> = this.#audiences[name]
    for (const listener of audience.listeners) {
      try {
        const returned = listener(event)
        if (isThenable(returned)) returned.then(undefined, failed)
      } catch (error) {
        failed(error)
      }
    }
    if (audience.channel.hasSubscribers) audience.channel.publish(event)
  }
}
