import type {
  AcquireTimeoutError,
  ConnectionLostError,
  QueueFullError,
  SelfDeadlockError,
  ServerRefusesError,
} from './errors.ts'
import type { LossFacts } from './loss.ts'
import type { Failure } from '../failure.ts'
import { keysOf } from '../options.ts'
import type { Activity } from './pool-state.ts'

/** A call acquired its connection. */
export interface AcquireEvent {
  readonly waitedMillis: number
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  /** The name of the pool; `undefined` if it has none. */
  readonly pool: string | undefined
}

/** A connection was released. */
export interface ReleaseEvent {
  readonly heldMillis: number
  readonly operation: string | undefined
  /** The name of the pool; `undefined` if it has none. */
  readonly pool: string | undefined
}

/**
 * The server answered a BEGIN. With `observe: false`, only pools with a `statementTimeoutMillis` or a
 * `poolerWaitTimeoutMillis` emit this event.
 */
export interface PoolerWaitEvent {
  /**
   * The time from sending the BEGIN to its answer: the wait for a server connection of the pooler, plus one round trip.
   * The server itself needs no time for a BEGIN.
   */
  readonly poolerWaitMillis: number
  readonly operation: string | undefined
  /** The name of the pool; `undefined` if it has none. */
  readonly pool: string | undefined
}

/** A call got no connection. */
export interface TimeoutEvent {
  readonly error: AcquireTimeoutError | QueueFullError | ServerRefusesError
}

/** Every holder of a connection waits for another one. */
export interface DeadlockEvent {
  readonly error: SelfDeadlockError
  /** True if the call was refused immediately. Otherwise it waits for its timeout. */
  readonly refused: boolean
}

/** A connection is held too long. */
export interface LeakEvent {
  /**
   * `held`: longer than `leakDetectionMillis`; `idleInTransaction`: its transaction was idle for longer than
   * `idleInTransactionMillis`.
   */
  readonly kind: 'held' | 'idleInTransaction'
  readonly heldMillis: number
  readonly operation: string | undefined
  /** The call site that acquired it, if it was remembered. */
  readonly callSite: string | undefined
  readonly activity: Activity
  /** The whole report, as logged. */
  readonly message: string
}

/** A connection that was reported as held too long was released. */
export interface LeakEndEvent {
  readonly heldMillis: number
  readonly operation: string | undefined
  readonly callSite: string | undefined
  readonly message: string
}

/** The pool could not connect. */
export interface ConnectFailureEvent {
  readonly error: Error
  /** The meaning of the error, if it is known. */
  readonly failure: Failure | undefined
  /** True if poolsafe will try again for the same call. */
  readonly isRetried: boolean
}

/**
 * An open connection was lost: the other side closed it, the network broke it, or poolsafe closed what was not clean.
 */
export interface ConnectionLostEvent extends LossFacts {
  /** The report. Its `cause` is the error of the server or of the socket. */
  readonly error: ConnectionLostError
}

/** The events of guarded pools, by name. */
export interface CheckoutEvents {
  acquire: AcquireEvent
  release: ReleaseEvent
  poolerWait: PoolerWaitEvent
  timeout: TimeoutEvent
  deadlock: DeadlockEvent
  leak: LeakEvent
  leakEnd: LeakEndEvent
  connectFailure: ConnectFailureEvent
  connectionLost: ConnectionLostEvent
}

/** The names of {@link CheckoutEvents}. An event without an entry here is a type error. */
export const checkoutEventNames: readonly (keyof CheckoutEvents)[] = keysOf<CheckoutEvents>({
  acquire: true,
  release: true,
  poolerWait: true,
  timeout: true,
  deadlock: true,
  leak: true,
  leakEnd: true,
  connectFailure: true,
  connectionLost: true,
})

/** The listeners of one event: those of a guard, and the subscribers of the event's channel. */
export interface Hearing {
  /** True if the event has a listener now. */
  readonly isThere: boolean
}

/** The part of a guard that a gate needs. */
export interface Watcher {
  readonly mode: 'off' | 'warn' | 'repair' | 'strict'
  /** Returns true if the event has a listener, so that unused events are never built. */
  hears(name: keyof CheckoutEvents): boolean
  /** Returns the listeners of an event. Callers that ask at each checkout keep them. */
  audience(name: keyof CheckoutEvents): Hearing
  tell<Name extends keyof CheckoutEvents>(name: Name, event: CheckoutEvents[Name]): void
  warn(message: string): void
}

/** A call got no connection. */
export function tellRefused(watcher: Watcher, error: TimeoutEvent['error']): void {
  if (watcher.hears('timeout')) watcher.tell('timeout', { error })
}
