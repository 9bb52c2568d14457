import type { Checkout } from './checkout.ts'
import type { ConnectionSource } from './connection-source.ts'
import { surveyHolders } from './diagnosis.ts'
import type { Failure } from '../failure.ts'
import type { Holder } from './pool-state.ts'
import type { RecentCount } from '../measure/recent-count.ts'
import type { Measures } from './statistics.ts'

/** The last attempt to connect, if it failed. */
export interface ConnectFailure {
  /** How long ago it failed. */
  readonly agoMillis: number
  /** The meaning of the error, if it is known. */
  readonly failure: Failure | undefined
}

/** The present and recent problems of a pool. Plain data. */
export interface PoolTrouble {
  /** How long the oldest waiting call has waited for its connection; 0 if none waits. */
  readonly longestWaitMillis: number
  /** Recent calls that waited for longer than `acquireTimeoutMillis`. */
  readonly timedOut: number
  /** Recent calls that were refused because too many waited. */
  readonly queueFull: number
  /** Recently found deadlocks. */
  readonly deadlocks: number
  /** Checkouts that were reported as held too long and are not released yet: longest first, five at most. */
  readonly leaks: readonly Holder[]
  /** The number of such checkouts. */
  readonly leaksNow: number
  /** `undefined` if the last attempt succeeded, or if there was none. */
  readonly connectFailure: ConnectFailure | undefined
  /** Set if the server accepts no writes now but did before: how long ago it last refused one (25006). */
  readonly readOnly?: { readonly agoMillis: number } | undefined
}

/** The parts of a gate that record problems. */
export interface TroubleSources<Connection> {
  readonly measures: Measures
  readonly deadlocks: { readonly recent: RecentCount }
  readonly refusal: { lastFailure(now: number): ConnectFailure | undefined }
  readonly held: Iterable<Checkout<Connection>>
  readonly source: Pick<ConnectionSource<Connection>, 'activityOf' | 'unreadMillis'>
}

/** @param oldestAskedAt when the first call in the queue began to wait */
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

/** Returns the checkouts that were reported as held too long and are not released yet. */
function leaksOf<Connection>(
  held: TroubleSources<Connection>['held'],
  source: TroubleSources<Connection>['source'],
  now: number,
): Pick<PoolTrouble, 'leaks' | 'leaksNow'> {
  const reported = Array.from(held).filter((checkout) => checkout.isReported)
  return { leaks: surveyHolders(reported, source, now, 0).holders, leaksNow: reported.length }
}
