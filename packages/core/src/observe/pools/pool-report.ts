import type { PoolState } from '../../checkout/pool-state.ts'
import type { PoolStatistics } from '../../checkout/statistics.ts'
import type { PoolTrouble } from '../../checkout/pool-trouble.ts'

/** One guarded pool, now and since it was guarded. Plain data that survives `JSON.stringify`. */
export interface PoolReport extends Omit<PoolStatistics, 'max'> {
  /** `localhost:6432/shop`, or the `poolName` of its options; never a user or a password. */
  readonly name: string
  /**
   * The server in the terms of the semantic conventions; `undefined` for anything that does not look like a host or a
   * name.
   */
  readonly server: {
    readonly address: string | undefined
    readonly port: number | undefined
    readonly database: string | undefined
  }
  /** The maximum number of connections; `null` without a limit. */
  readonly max: number | null
  /** `null` without a limit. */
  readonly acquireTimeoutMillis: number | null
  /** `null` without a limit. */
  readonly connectTimeoutMillis: number | null
  /** `null` without a limit. */
  readonly maxWaiting: number | null
}

/** The idle connection to ask first: the one that callers would get last, or next. */
export type AskedFirst = 'longestIdle' | 'nextOut'

/** How a pool is pinged. */
export interface AskOptions {
  /** @default 'longestIdle' */
  readonly first?: AskedFirst | undefined
  /**
   * Closes the connection if it is still idle and has not answered after this time, in milliseconds.
   * @default Infinity
   */
  readonly limitMillis?: number | undefined
}

/** The interface of a pool that an adapter registers with a guard. */
export interface ObservedPool {
  /** The name in reports and events. */
  readonly name: string
  report(): PoolReport
  /** The current holders of connections. */
  state(): PoolState
  /** Failures in the last `recentMillis`, and current ones. */
  trouble(recentMillis: number): PoolTrouble
  /**
   * Sends a statement of poolsafe on an idle connection, bypassing guard, gate and statistics. `undefined` if no
   * connection is idle, so that no caller waits because of it.
   *
   * @param options which connection to ask, and the time after which it is closed as dead
   */
  ask(sql: string, options?: AskOptions): Promise<readonly Readonly<Record<string, unknown>>[]> | undefined
  /**
   * Makes the pool open a connection, which is idle then. `undefined` if one is idle, a call waits, the pool is full,
   * or the pause after a refusing server is not over.
   */
  open(): Promise<void> | undefined
}
