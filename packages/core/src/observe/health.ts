import type { PoolReport } from './pool-report.ts'

/** Whether what a guard watches can do its work. Plain data, made for an HTTP answer. */
export interface GuardHealth {
  readonly healthy: boolean
  /** Why not, a sentence each. */
  readonly reasons: readonly string[]
  readonly totalQueries: number
  readonly totalErrors: number
  /** `Limit: 50, Pool Timeout: 20s, Connect Timeout: 10s`, of the first pool. */
  readonly poolInfo: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly pools: readonly PoolReport[]
}
