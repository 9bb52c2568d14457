import { channel, type Channel } from 'node:diagnostics_channel'
import { checkoutEventNames, type CheckoutEvents, type Hearing } from '../checkout/events.ts'
import type { KnownException } from '../exceptions/exception.ts'
import { observeEventNames, type ObserveEvents } from '../observe/events.ts'
import { keysOf } from '../options.ts'
import { isThenable } from '../thenable.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { RuleId } from '../rules/index.ts'
import type { CallbackError } from '../errors.ts'
import { callbackFailure } from './callback-failure.ts'
import type { Finding } from './finding.ts'

/** A statement was found unsafe. */
export interface FindingEvent {
  readonly findings: readonly [Finding, ...Finding[]]
  /** The statement text, with its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** True if poolsafe refused the statement before sending it, or refused the server's answer to it. */
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

/** One repair of a statement. */
export interface Repair {
  readonly rule: RuleId
  /** The change, in words: `SET → SET LOCAL`. */
  readonly how: string
}

/** A statement was repaired: poolsafe sent a text that does the same and leaves nothing behind. */
export interface RepairedEvent {
  readonly repairs: readonly [Repair, ...Repair[]]
  /** The application's statement, with its literals replaced by `?`. */
  readonly statement: string
  /** The text that poolsafe sent instead, with literals replaced by `?`. */
  readonly sent: string
  readonly pooler: PoolerProfile
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  /** The call site in your application, relative to the working folder, if known. */
  readonly place: string | undefined
}

/** A checkout has moved to a direct connection, because a statement needs a session of its own. */
export interface MovedEvent {
  /** Why it has moved. */
  readonly findings: readonly [Finding, ...Finding[]]
  /** The statement text, with its literals replaced by `?`. */
  readonly statement: string
  readonly pooler: PoolerProfile
  /** The name of the pool that the checkout has left. */
  readonly pool: string
  /** The name of the direct pool. */
  readonly directPool: string
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  /** The call site in your application, relative to the working folder, if known. */
  readonly place: string | undefined
}

/** The events of a guard, by name. */
export interface GuardEvents extends CheckoutEvents, ObserveEvents {
  finding: FindingEvent
  allowed: AllowedEvent
  repaired: RepairedEvent
  moved: MovedEvent
  fault: Error
}

type Listener<Event> = (event: Event) => unknown

type OwnEvents = Omit<GuardEvents, keyof CheckoutEvents | keyof ObserveEvents>

const names: readonly (keyof GuardEvents)[] = [
  ...keysOf<OwnEvents>({ finding: true, allowed: true, repaired: true, moved: true, fault: true }),
  ...observeEventNames,
  ...checkoutEventNames,
]

/**
 * The listeners of one event: those of the guard, and the subscribers of the event's channel, which receive the events
 * of all guards of the process.
 */
class Audience<Event> implements Hearing {
  readonly listeners = new Set<Listener<Event>>()
  readonly channel: Channel
  /** How many events of this kind its listeners are hearing, each inside the one before. */
  depth = 0
  /** Beside the size of the set, because it is read at each event and the set is more memory to fetch. */
  #count = 0

  constructor(name: string) {
    this.channel = channel(`poolsafe:${name}`)
  }

  get isThere(): boolean {
    return this.#count > 0 || this.channel.hasSubscribers
  }

  add(listener: Listener<Event>): void {
    this.listeners.add(listener)
    this.#count = this.listeners.size
  }

  delete(listener: Listener<Event>): void {
    this.listeners.delete(listener)
    this.#count = this.listeners.size
  }
}

/**
 * A listener may cause the event that it hears: it sends a statement, which is found unsafe. Deeper than this, poolsafe
 * stops calling listeners of that event.
 */
const deepestEvent = 8

type Audiences = { readonly [Name in keyof GuardEvents]: Audience<GuardEvents[Name]> }

/**
 * Sends events to `guard.on(name)` and to `node:diagnostics_channel` as `poolsafe:<name>`. Errors and rejections of
 * listeners never affect the query. Node reports errors of channel subscribers as uncaught exceptions.
 */
export class Events {
  readonly #audiences = Object.fromEntries(names.map((name) => [name, new Audience(name)])) as unknown as Audiences

  /** @returns a function that removes the listener */
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void {
    const audience = this.#audiences[name]
    audience.add(listener)
    return () => audience.delete(listener)
  }

  get names(): readonly string[] {
    return names
  }

  has(name: keyof GuardEvents): boolean {
    return this.#audiences[name].isThere
  }

  /** Returns the listeners of an event. Callers that ask often keep them. */
  audience(name: keyof GuardEvents): Hearing {
    return this.#audiences[name]
  }

  /** @param failed called with the error of each listener that fails; for an asynchronous listener later */
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name], failed: Failed): void {
    const audience: Audience<GuardEvents[Name]> = this.#audiences[name]
    if (audience.depth === deepestEvent) {
      failed(callbackFailure(`a listener of '${name}'`, 'threw', new RangeError(causesItself)))
      return
    }
    audience.depth++
    try {
      for (const listener of audience.listeners) tell(listener, event, name, failed)
      if (audience.channel.hasSubscribers) audience.channel.publish(event)
    } finally {
      audience.depth--
    }
  }
}

const causesItself = 'each call of the listener causes the event again'

type Failed = (error: CallbackError) => void

function tell<Event>(listener: Listener<Event>, event: Event, name: string, failed: Failed): void {
  try {
    const returned = listener(event)
    if (!isThenable(returned)) return
    returned.then(undefined, (error: unknown) => failed(callbackFailure(nameOf(listener, name), 'rejected', error)))
  } catch (error) {
    failed(callbackFailure(nameOf(listener, name), 'threw', error))
  }
}

/** A listener may be anything that can be called, also a Proxy whose properties throw. */
function nameOf(listener: (event: never) => unknown, event: string): string {
  try {
    const name: unknown = Reflect.get(listener, 'name')
    if (typeof name === 'string' && name !== '') return `the listener ${name} of '${event}'`
  } catch {}
  return `a listener of '${event}'`
}
