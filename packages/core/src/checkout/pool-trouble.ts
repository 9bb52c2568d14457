import type { Checkout } from './checkout.ts'
import type { ConnectionSource } from './connection-source.ts'
import { surveyHolders } from './diagnosis.ts'
import type { Failure } from '../failure.ts'
import type { Holder } from './pool-state.ts'
import type { RecentCount } from '../measure/recent-count.ts'
import type { Measures } from './statistics.ts'

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
  /** The server takes no writes, though it did before: how long ago it last refused one (25006). */
  readonly readOnly?: { readonly agoMillis: number } | undefined
}

/** The parts of a gate that know of troubles. */
export interface TroubleSources<Connection> {
  readonly measures: Measures
  readonly deadlocks: { readonly recent: RecentCount }
  readonly refusal: { lastFailure(now: number): ConnectFailure | undefined }
  readonly held: Iterable<Checkout<Connection>>
  readonly source: Pick<ConnectionSource<Connection>, 'activityOf' | 'unreadMillis'>
}

/** @param oldestAskedAt since when the first in the queue waits */
export function troubleOf<Connection>(
  { measures, deadlocks, refusal, held, source }: TroubleSources<Connection>,
  oldestAskedAt: number | undefined,
  recentMillis: number,
  now: number,
): PoolTrouble {
  return {
    ...measures.recent(recentMillis, now),
    deadlocks: deadlocks.recent.within(recentMillis, now),
    ...leaksOf(held, source, now),
    longestWaitMillis: now - (oldestAskedAt ?? now),
    connectFailure: refusal.lastFailure(now),
  }
}

/** Those that were reported for their length and have not come back. */
function leaksOf<Connection>(
  held: TroubleSources<Connection>['held'],
  source: TroubleSources<Connection>['source'],
  now: number,
): Pick<PoolTrouble, 'leaks' | 'leaksNow'> {
  const reported = Array.from(held).filter((checkout) => checkout.isReported)
  return { leaks: surveyHolders(reported, source, now, 0).holders, leaksNow: reported.length }
}
