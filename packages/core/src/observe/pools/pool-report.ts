import type { PoolState } from '../../checkout/pool-state.ts'
import type { PoolStatistics } from '../../checkout/statistics.ts'
import type { PoolTrouble } from '../../checkout/pool-trouble.ts'

/** One guarded pool, now and since it was guarded. Plain data, the same after `JSON.stringify`. */
export interface PoolReport extends Omit<PoolStatistics, 'max'> {
  /** `localhost:6432/shop`, or the `poolName` of its options; never a user or a password. */
  readonly name: string
  /**
   * Where it connects to, as the semantic conventions have it; `undefined` what does not look like a host or a name.
   */
  readonly server: {
    readonly address: string | undefined
    readonly port: number | undefined
    readonly database: string | undefined
  }
  /** The most connections that the pool opens; `null` for no bound. */
  readonly max: number | null
  /** `null` for ever. */
  readonly acquireTimeoutMillis: number | null
  /** `null` for ever. */
  readonly connectTimeoutMillis: number | null
  /** `null` for no bound. */
  readonly maxWaiting: number | null
}

/** Which of the idle connections to ask first: the one that callers would get last, or next. */
export type AskedFirst = 'longestIdle' | 'nextOut'

/** How a pool is asked. */
export interface AskOptions {
  /** @default 'longestIdle' */
  readonly first?: AskedFirst | undefined
  /**
   * Closes the connection if it is still idle and has not answered after this time, in milliseconds. @default Infinity
   */
  readonly limitMillis?: number | undefined
}

/** What an adapter registers with a guard for each pool that it guards. */
export interface ObservedPool {
  /** As in its reports and events. */
  readonly name: string
  report(): PoolReport
  /** Who holds connections now. */
  state(): PoolState
  /** What went wrong in the last `recentMillis`, and what goes wrong now. */
  trouble(recentMillis: number): PoolTrouble
  /**
   * Sends a statement of our own on a connection that is idle, past guard, gate and statistics. `undefined` where none
   * is: nobody is kept from a connection by us.
   *
   * @param options which connection is asked, and how long it may take until it is closed as dead
   */
  ask(sql: string, options?: AskOptions): Promise<readonly Readonly<Record<string, unknown>>[]> | undefined
  /**
   * Has the pool open a connection, which is idle then. `undefined` where one is idle, somebody waits, there is no
   * room, or a server that refused is not to be asked again yet.
   */
  open(): Promise<void> | undefined
}

/** A limit as JSON has it. */
export function jsonLimit(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}
