import type { PoolReport } from './pool-report.ts'
import type { DurationHistogram } from '../checkout/statistics.ts'
import type { RuleId } from '../rules/index.ts'
import type { DurationSummary } from './durations.ts'
import type { StatementKind } from './statement-kind.ts'

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

/** What a guard has seen since it was made. Plain data. */
export interface GuardStatistics {
  /** Seconds since the guard was made. */
  readonly uptimeSeconds: number
  /** Statements that were answered, failures included. 0 with `observe: false`. */
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
  /** How often each rule found something, allowed or not. */
  readonly findings: { readonly [Id in RuleId]?: number }
  /** Look-ups in the memory of judged texts. */
  readonly cache: { readonly hits: number; readonly misses: number }
  readonly pools: readonly PoolReport[]
}
