import type { Checkout } from './checkout.ts'
import { surveyHolders } from './diagnosis.ts'
import type { Failure } from './failures.ts'
import type { Activity, Holder } from './pool-state.ts'

/** The last attempt to connect, which failed. */
export interface ConnectFailure {
  /** How long ago. */
  readonly agoMillis: number
  /** What it means, where that is known. */
  readonly failure: Failure | undefined
}

/** What goes wrong with a pool now, and what went wrong lately. Plain data. */
export interface PoolTrouble {
  /** How long the call that has waited longest waits for its connection; 0 where nobody does. */
  readonly longestWaitMillis: number
  /** Calls that waited for longer than `acquireTimeoutMillis`, lately. */
  readonly timedOut: number
  /** Calls that were refused because too many waited, lately. */
  readonly queueFull: number
  /** Deadlocks that were found, lately. */
  readonly deadlocks: number
  /** Checkouts that were reported for their length, and are still out: the longest first, five at most. */
  readonly leaks: readonly Holder[]
  /** How many they are. */
  readonly leaksNow: number
  /** `undefined` where the last attempt succeeded, or there was none. */
  readonly connectFailure: ConnectFailure | undefined
}

/** Those that were reported for their length and have not come back. */
export function leaksOf<Connection>(
  held: Iterable<Checkout<Connection>>,
  source: { activityOf(connection: Connection): Activity },
  now: number,
): Pick<PoolTrouble, 'leaks' | 'leaksNow'> {
  const reported = Array.from(held).filter((checkout) => checkout.isReported)
  return { leaks: surveyHolders(reported, source, now, 0).holders, leaksNow: reported.length }
}
