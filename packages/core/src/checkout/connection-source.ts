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

/**
 * Has a pool open a connection, and gives it back at once.
 *
 * @param noted called when it is known whether it could, before the connection goes back
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
      // Its driver could not even make a client.
      fail(error as Error)
    }
  })
}
