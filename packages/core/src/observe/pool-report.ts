import type { PoolState } from '../checkout/pool-state.ts'
import type { PoolStatistics } from '../checkout/statistics.ts'

/** One guarded pool, now and since it was guarded. */
export interface PoolReport extends PoolStatistics {
  /** `localhost:6432/shop`, or the `poolName` of its options; never a user or a password. */
  readonly name: string
  /** Where it connects to, as the semantic conventions have it. */
  readonly server: { readonly address: string | undefined; readonly port: number | undefined; readonly database: string | undefined }
  readonly acquireTimeoutMillis: number
  readonly connectTimeoutMillis: number
  readonly maxWaiting: number
}

/** What an adapter registers with a guard for each pool that it guards. */
export interface ObservedPool {
  /** As in its reports and events. */
  readonly name: string
  report(): PoolReport
  /** Who holds connections now. */
  state(): PoolState
  /**
   * Sends a statement of our own on a connection that is idle, past guard, gate and statistics. `undefined` where none is: nobody is
   * kept from a connection by us.
   */
  ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> | undefined
}
