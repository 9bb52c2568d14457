import type { Holder } from '../../checkout/pool-state.ts'
import type { RuleId } from '../../rules/index.ts'
import type { DurationSummary } from '../../measure/durations.ts'
import type { PoolReport } from '../pools/pool-report.ts'
import type { FingerprintStatistics } from '../statistics.ts'

/** Every kind of problem, the gravest first. */
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
 * What is wrong.
 *
 * - `ended`: every pool that was known has ended
 * - `cannotConnect`: the last attempt to connect failed
 * - `readOnly`: the server refuses statements that write, though it took them before, as a former primary does after a
 *   failover
 * - `pingFailed`, `pingTimedOut`: a connection that was asked for `SELECT 1` failed, or did not answer within
 *   `pingTimeoutMillis`
 * - `exhausted`: all connections are out, and a call has waited for longer than `longestWaitMillis`
 * - `waiting`: a call has, though connections are not all out: they are still being opened
 * - `deadlock`, `queueFull`, `acquireTimeout`: in the last `recentMillis`
 * - `leak`: a connection that was reported for its length is still out
 * - `unknown`: a part of poolsafe itself failed
 */
export type ProblemKind = (typeof problemKinds)[number]

/** What became of the question whether the server answers. */
export interface PoolPing {
  /**
   * `notAsked` where no connection was idle: all are out, somebody waits for one, or there was none and none was opened.
   */
  readonly outcome: 'answered' | 'failed' | 'timedOut' | 'notAsked'
  /** How long the answer, or its failure, took, opening the connection included; `null` where nothing was asked. */
  readonly millis: number | null
}

/** One pool: its numbers as in `stats()`, without the histograms, and how it fares. */
export interface PoolHealth extends Omit<PoolReport, 'acquireWait' | 'use' | 'poolerWait'> {
  readonly healthy: boolean
  readonly problems: readonly ProblemKind[]
  readonly reasons: readonly string[]
  readonly ping: PoolPing
  /** How long the call that has waited longest waits for its connection. */
  readonly longestWaitMillis: number
  /** Who holds connections, the longest first; five at most. */
  readonly holders: readonly Holder[]
}

/** Whether what a guard watches can do its work. Plain data, the same after `JSON.stringify`. */
export interface GuardHealth {
  /** There is no problem but what `tolerate` names. */
  readonly healthy: boolean
  /** What is wrong, each kind once, without a name of anything. */
  readonly problems: readonly ProblemKind[]
  /** The same in a sentence each, with the pool, its numbers and who holds its connections. */
  readonly reasons: readonly string[]
  /** What is no problem and should be known: `no pool is known`. */
  readonly notes: readonly string[]
  readonly totalQueries: number
  readonly totalErrors: number
  /**
   * `Limit: 50, Pool Timeout: 20s, Connect Timeout: 10s`; of several pools each with its name: `main: Limit: …;
   * reports: Limit: …`.
   */
  readonly poolInfo: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly uptimeSeconds: number
  readonly slowQueries: number
  readonly verySlowQueries: number
  readonly repeatedQueries: number
  /** Of all statements. */
  readonly duration: DurationSummary
  /** By rule, as in `stats()`. */
  readonly findings: { readonly [Id in RuleId]?: number }
  /** The ten fingerprints that took the most time together. */
  readonly slowest: readonly FingerprintStatistics[]
  readonly pools: readonly PoolHealth[]
}
