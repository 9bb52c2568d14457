import type { Failure } from '../failure.ts'

/**
 * What the application does with a connection that it holds.
 *
 * - `running`: a statement is under way
 * - `idleInTransaction`: no statement is, in an open transaction
 * - `idle`: nothing is, and no transaction is open
 */
export type Activity = 'running' | 'idleInTransaction' | 'idle' | 'unknown'

/** Who holds a connection. */
export interface Holder {
  readonly heldMillis: number
  /** The ORM's name for the call that took it: `User.findMany`. */
  readonly operation: string | undefined
  /** The line that took it, below the working folder, where it was remembered. */
  readonly callSite: string | undefined
  readonly activity: Activity
}

/** A pool at the moment when a call was refused a connection. */
export interface PoolState {
  /** The most connections that the pool opens; `Infinity` where only the driver knows. */
  readonly max: number
  /** Connections that are open or being opened. */
  readonly size: number
  readonly idle: number
  /** Connections that the application holds. */
  readonly active: number
  /** Calls that wait, the refused one included. */
  readonly waiting: number
  /** Those that hold a connection, the longest first; five at most. */
  readonly holders: readonly Holder[]
  /** How many of them all have held theirs for most of the time that the call waited, by what they do. */
  readonly heldThroughout: { readonly [Does in Activity]: number }
}

/**
 * Why there was no connection, most likely.
 *
 * - `nestedAcquire`: the call holds a connection and waits for another
 * - `serverRefuses`: the pool could not connect
 * - `slowConnect`: connecting took too long
 * - `leak`: connections are out on which nothing happens
 * - `longTransaction`: transactions are open in which nothing happens
 * - `longStatement`: statements run for longer than the call waited
 * - `poolTooSmall`: connections come and go, and more callers want one than there are
 */
export type LikelyCause = 'nestedAcquire' | 'serverRefuses' | 'slowConnect' | 'leak' | 'longTransaction' | 'longStatement' | 'poolTooSmall'

/** What a cause means and what helps. */
export interface Advice {
  readonly why: string
  readonly instead: string
}

/** What is known of the call that got no connection. */
export interface Refused {
  readonly holdsAnother: boolean
  /** The pool had been asked for a connection for it. */
  readonly wasTaking: boolean
  readonly failure: Failure | undefined
}

/** Weighs what is known; the first that fits. */
export function likelyCause(pool: PoolState, call: Refused): LikelyCause {
  if (call.failure !== undefined) return 'serverRefuses'
  if (call.holdsAnother) return 'nestedAcquire'
  const { idle, idleInTransaction, running } = pool.heldThroughout
  const most = Math.max(idle, idleInTransaction, running)
  const isStuck = most > 0 && 2 * (idle + idleInTransaction + running) >= pool.active
  if (isStuck && most === idle) return 'leak'
  if (isStuck && most === idleInTransaction) return 'longTransaction'
  if (isStuck) return 'longStatement'
  return call.wasTaking && Number.isFinite(pool.max) ? 'slowConnect' : 'poolTooSmall'
}

/** Cause and remedy in words. */
export function adviceFor(cause: LikelyCause, failure: Failure | undefined): Advice {
  return cause === 'serverRefuses' && failure !== undefined ? failure : advice[cause]
}

const advice: { readonly [Cause in LikelyCause]: Advice } = {
  nestedAcquire: {
    why: 'the call holds a connection already and waits for a second one; when all callers do that, none of them can go on',
    instead: 'use the connection that is held: pass `client`, `trx` or `tx` on, and leave the pool alone inside a transaction',
  },
  serverRefuses: { why: 'the pool could not connect', instead: 'see the cause of this error' },
  slowConnect: {
    why: 'the connection was still being made: the server, the network or the hook onConnect is slow',
    instead: 'look at the server and the way to it; a longer acquireTimeoutMillis only hides it',
  },
  leak: {
    why: 'connections are out on which nothing runs and no transaction is open: most likely somebody never gives them back',
    instead: 'release() in a finally block, or pool.query(), transaction().execute() and $transaction(), which give back by themselves',
  },
  longTransaction: {
    why: 'transactions stay open while the application does something else, and each keeps its connection',
    instead: 'no HTTP call, no file and no waiting for a user inside a transaction: fetch first, then BEGIN',
  },
  longStatement: {
    why: 'statements have run for longer than this call could wait',
    instead: 'EXPLAIN (ANALYZE) the statements, look for locks in pg_stat_activity, and set a statement timeout',
  },
  poolTooSmall: {
    why: 'connections come and go, but more calls want one than there are',
    instead: 'fewer calls at once, or shorter ones; then a larger pool, as far as the server or the pooler has room for it',
  },
}
