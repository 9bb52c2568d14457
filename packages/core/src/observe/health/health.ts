import type { Holder } from '../../checkout/pool-state.ts'
import type { RuleId } from '../../rules/index.ts'
import type { DurationSummary } from '../../measure/durations.ts'
import type { PoolReport } from '../pools/pool-report.ts'
import type { FingerprintStatistics } from '../statistics.ts'

/** Every kind of problem, the most severe first. */
export const problemKinds = [
  'ended',
  'cannotConnect',
  'readOnly',
  'pingFailed',
  'pingTimedOut',
  'exhausted',
  'waiting',
  'deadlock',
  'queueFull',
  'acquireTimeout',
  'leak',
  'unknown',
] as const

/**
 * A kind of problem.
 *
 * - `ended`: every known pool has ended
 * - `cannotConnect`: the last attempt to connect failed
 * - `readOnly`: the server refuses writes that it accepted before, as a former primary does after a failover
 * - `pingFailed`, `pingTimedOut`: `SELECT 1` failed on a connection, or got no answer within `pingTimeoutMillis`
 * - `exhausted`: all connections are checked out, and a call has waited longer than `longestWaitMillis`
 * - `waiting`: a call has waited that long while connections are still being opened
 * - `deadlock`, `queueFull`, `acquireTimeout`: in the last `recentMillis`
 * - `leak`: a connection that was reported as held for too long is still checked out
 * - `unknown`: a part of poolsafe itself failed
 */
export type ProblemKind = (typeof problemKinds)[number]

/** The result of a ping. */
export interface PoolPing {
  /**
   * `notAsked` if no connection was idle: all are checked out, a call waits for one, or there was none and none was
   * opened.
   */
  readonly outcome: 'answered' | 'failed' | 'timedOut' | 'notAsked'
  /** Time until the answer or the failure, including the opening of the connection; `null` if nothing was sent. */
  readonly millis: number | null
}

/** One pool: its numbers as in `stats()` without the histograms, and its condition. */
export interface PoolHealth extends Omit<PoolReport, 'acquireWait' | 'use' | 'poolerWait'> {
  readonly healthy: boolean
  readonly problems: readonly ProblemKind[]
  readonly reasons: readonly string[]
  readonly ping: PoolPing
  /** The longest current wait for a connection. */
  readonly longestWaitMillis: number
  /** The holders of connections, the longest first; at most five. */
  readonly holders: readonly Holder[]
}

/** The health of the guarded pools. Plain data that survives `JSON.stringify`. */
export interface GuardHealth {
  /** True if there is no problem except those in `tolerate`. */
  readonly healthy: boolean
  /** The kinds of problems, once each, without any names. */
  readonly problems: readonly ProblemKind[]
  /** One sentence for each problem, with the pool, its numbers and the holders of its connections. */
  readonly reasons: readonly string[]
  /** Notes that are not problems: `no pool is known`. */
  readonly notes: readonly string[]
  readonly totalQueries: number
  readonly totalErrors: number
  /**
   * `Limit: 50, Pool Timeout: 20s, Connect Timeout: 10s`; with several pools `main: Limit: …; reports: Limit: …`.
   */
  readonly poolInfo: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly uptimeSeconds: number
  readonly slowQueries: number
  readonly verySlowQueries: number
  readonly repeatedQueries: number
  /** The durations of all statements, in milliseconds. */
  readonly duration: DurationSummary
  /** By rule, as in `stats()`. */
  readonly findings: { readonly [Id in RuleId]?: number }
  /** The ten fingerprints that took the most time together. */
  readonly slowest: readonly FingerprintStatistics[]
  readonly pools: readonly PoolHealth[]
}
