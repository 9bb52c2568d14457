import type { Handover, Release } from './checkout.ts'
import type { Clock } from '../measure/clock.ts'
import type { Activity } from './pool-state.ts'

/** The pool behind a gate. */
export interface ConnectionSource<Connection> {
  /** The maximum number of open connections, read anew each time. `Infinity` leaves the waiting to the pool. */
  readonly max: number
  /** Connections that are open or being opened. */
  readonly size: number
  readonly idle: number
  /** New connections whose `onConnect` hook, or a similar hook of the application, still runs. */
  readonly inHook?: number
  /** New connections that wait for a password from the application. */
  readonly inPassword?: number
  /** Returns true for an error that a function of the application failed with, so that it says nothing of the server. */
  isOfApplication?(error: Error): boolean
  /**
   * For a driver that queues its callers itself, in its own order: true if the call that asks now waits there. The gate
   * then takes nothing for it, and waits for `Gate.arrived`. Otherwise it takes a connection for this one call. @default the gate queues the callers
   */
  readonly mustWait?: boolean
  /** Acquires an idle or new connection and calls back once; or throws and does not call back. */
  take(done: Handover<Connection>): void
  /** Takes back a connection that arrived too late for its caller. */
  takeBack(connection: Connection, release: Release): void
  activityOf(connection: Connection): Activity
  /** How long the server has waited for the reader of a cursor or a stream; `undefined` if it does not wait. */
  unreadMillis?(connection: Connection): number | undefined
  /** Returns a value that changes whenever something is sent on the connection. */
  activityMark(connection: Connection): unknown
}

/** The clock and the random numbers of a gate, replaced in tests. */
export interface GateNature {
  readonly clock: Clock
  readonly random: () => number
}

/**
 * Makes a pool open a connection and releases it immediately.
 *
 * @param noted called with the outcome, before the connection is released
 */
export function openOne<Connection>(
  source: ConnectionSource<Connection>,
  noted: (error?: Error) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: Error): void => {
      noted(reason)
      reject(reason)
    }
    try {
      source.take((error, connection, release) => {
        if (connection === undefined) return fail(error ?? new Error('the pool gave no connection'))
        noted()
        source.takeBack(connection, release)
        resolve()
      })
    } catch (error) {
      // The driver could not even create a client.
      fail(error as Error)
    }
  })
}
