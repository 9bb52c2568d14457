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
 * What a guard has seen since it was made. Plain data, the same after `JSON.stringify`: what has no bound is `null`.
 */
export interface GuardStatistics {
  /** Seconds since the guard was made. */
  readonly uptimeSeconds: number
  /**
   * Statements that were answered, failures included, and those for which `pool.query` got no connection. 0 with
   * `observe: false`.
   */
  readonly totalQueries: number
  readonly totalErrors: number
  /** Statements that took longer than their `slowQueryMillis`, very slow ones included. */
  readonly slowQueries: number
  /** Of them, those that took longer than their `verySlowQueryMillis`. */
  readonly verySlowQueries: number
  readonly repeatedQueries: number
  /** Of all statements. */
  readonly duration: DurationSummary
  readonly byKind: readonly KindStatistics[]
  /** The ten fingerprints that took the most time together. */
  readonly slowest: readonly FingerprintStatistics[]
  /** Fingerprints that are remembered, and those that were forgotten to make room. */
  readonly fingerprints: { readonly known: number; readonly forgotten: number }
  /** How often each rule found something that was logged, or refused: each time, not once a statement as the log. */
  readonly findings: { readonly [Id in RuleId]?: number }
  /** How often each rule found something that an exception allowed. What `rules` allows is counted nowhere. */
  readonly allowedFindings: { readonly [Id in RuleId]?: number }
  /**
   * Look-ups in the memory of judged texts, some of them several for a statement: those that were there as they came,
   * those that were not, and how many of these had to be parsed.
   */
  readonly cache: { readonly hits: number; readonly misses: number; readonly parsed: number }
  readonly pools: readonly PoolReport[]
  /**
   * What those pools did that are none any more, added up by name, so that no sum of counts ever falls: until
   * `pool.end()`, and of those that were dropped without it until the last `stats()` that had them. The 100 names that
   * ended last.
   */
  readonly endedPools: readonly PoolTotals[]
}

/** Findings by rule. */
export type RuleCounts = { [Id in RuleId]?: number }
