import type { Handover, Release } from './checkout.ts'
import type { Clock } from '../measure/clock.ts'
import type { Activity } from './pool-state.ts'

/** The pool behind a gate. */
export interface ConnectionSource<Connection> {
  /** The most connections that may be out at once, asked anew each time; `Infinity` leaves the waiting to the pool. */
  readonly max: number
  /** Connections that are open or being opened. */
  readonly size: number
  readonly idle: number
  /**
   * New connections for which a hook of the application runs, such as `onConnect` of the pool, before anybody has them.
   */
  readonly inHook?: number
  /** Takes a connection, idle or new, and calls back once; or throws, and never calls back. */
  take(done: Handover<Connection>): void
  /** Gives back what came too late for its caller. */
  takeBack(connection: Connection, release: Release): void
  activityOf(connection: Connection): Activity
  /** For how long the server has waited for the reader of a cursor or a stream; `undefined` where it does not. */
  unreadMillis?(connection: Connection): number | undefined
  /** Changes whenever something is sent on the connection. */
  activityMark(connection: Connection): unknown
}

/** What makes a gate's time and chance, for tests. */
export interface GateNature {
  readonly clock: Clock
  readonly random: () => number
}
