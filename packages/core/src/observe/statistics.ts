import type { PoolTotals } from './pools/ended-pools.ts'
import type { PoolReport } from './pools/pool-report.ts'
import type { DurationHistogram } from '../measure/histogram.ts'
import type { RuleId } from '../rules/index.ts'
import type { DurationSummary } from '../measure/durations.ts'
import type { StatementKind } from './shape/statement-kind.ts'

/** The statements of one kind. */
export interface KindStatistics {
  readonly kind: StatementKind
  readonly failed: boolean
  /** Bounds from 1 ms to 5 s. */
  readonly duration: DurationHistogram
}

/** All statements of one fingerprint. */
export interface FingerprintStatistics {
  readonly fingerprint: string
  readonly summary: string
  /** Without literals. */
  readonly statement: string
  readonly place: string | undefined
  readonly count: number
  readonly errors: number
  readonly totalMillis: number
  readonly meanMillis: number
  readonly maxMillis: number
}

/**
 * The statistics of a guard since it was created. Plain data that survives `JSON.stringify`: a missing bound is `null`.
 */
export interface GuardStatistics {
  /** Seconds since the guard was created. */
  readonly uptimeSeconds: number
  /**
   * Answered statements, including failures, and statements for which `pool.query` got no connection. 0 with `observe:
   * false`.
   */
  readonly totalQueries: number
  readonly totalErrors: number
  /** Statements that took longer than their `slowQueryMillis`, very slow ones included. */
  readonly slowQueries: number
  /** The slow statements that took longer than their `verySlowQueryMillis`. */
  readonly verySlowQueries: number
  readonly repeatedQueries: number
  /** The durations of all statements, in milliseconds. */
  readonly duration: DurationSummary
  readonly byKind: readonly KindStatistics[]
  /** The ten fingerprints that took the most time together. */
  readonly slowest: readonly FingerprintStatistics[]
  /** The number of remembered fingerprints, and of those evicted to make room. */
  readonly fingerprints: { readonly known: number; readonly forgotten: number }
  /**
   * Findings by rule that were logged or refused. Every occurrence counts, although the log has each statement once.
   */
  readonly findings: { readonly [Id in RuleId]?: number }
  /** Findings by rule that an exception allowed. Findings that the option `rules` allows are not counted. */
  readonly allowedFindings: { readonly [Id in RuleId]?: number }
  /** Findings by rule that were repaired before their statement was sent. */
  readonly repairedFindings: { readonly [Id in RuleId]?: number }
  /** Findings by rule that moved a checkout to a direct connection. */
  readonly movedFindings: { readonly [Id in RuleId]?: number }
  /**
   * Lookups in the cache of judged SQL (a statement may need several): hits, misses, and the misses that had to be
   * parsed.
   */
  readonly cache: { readonly hits: number; readonly misses: number; readonly parsed: number }
  readonly pools: readonly PoolReport[]
  /**
   * Totals of pools that no longer exist, by name, so that no sum of counters ever decreases. They include everything
   * until `pool.end()`, or, for a pool that was dropped without it, until the last `stats()` that included it. Limited
   * to the 100 names that ended last.
   */
  readonly endedPools: readonly PoolTotals[]
}

/** Findings by rule. */
export type RuleCounts = { [Id in RuleId]?: number }
