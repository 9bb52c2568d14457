import type { Failure } from '../failure.ts'

/**
 * What the application does with a connection that it holds.
 *
 * - `running`: a statement is under way
 * - `unread`: a cursor or a stream is open, and its reader asks for no more rows
 * - `idleInTransaction`: no statement is, in an open transaction
 * - `idle`: nothing is, and no transaction is open
 */
export type Activity = 'running' | 'unread' | 'idleInTransaction' | 'idle' | 'unknown'

/** Who holds a connection. */
export interface Holder {
  readonly heldMillis: number
  /** The ORM's name for the call that took it: `User.findMany`. */
  readonly operation: string | undefined
  /** The line that took it, below the working folder, where it was remembered. */
  readonly callSite: string | undefined
  readonly activity: Activity
  /** For how long its reader has read nothing, where that is what it does. */
  readonly unreadMillis?: number | undefined
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
  /** Places that are taken by connections still being made. */
  readonly connecting: number
  /** Those of them that are made, and for which the hook `onConnect` of the pool has not finished. */
  readonly inHook: number
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
 * - `slowConnect`: connecting took too long, or the hook `onConnect` of the pool
 * - `processBusy`: this process could not read what had arrived, for most of the wait
 * - `unreadStream`: connections are held by cursors or streams whose readers do not read
 * - `leak`: connections are out on which nothing happens
 * - `longTransaction`: transactions are open in which nothing happens
 * - `longStatement`: statements run for longer than the call waited
 * - `poolTooSmall`: connections come and go, and more callers want one than there are
 */
export type LikelyCause =
  | 'nestedAcquire'
  | 'serverRefuses'
  | 'slowConnect'
  | 'processBusy'
  | 'unreadStream'
  | 'leak'
  | 'longTransaction'
  | 'longStatement'
  | 'poolTooSmall'

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
  /** Why the pool could not connect, for this call or while it waited. */
  readonly failure: Failure | undefined
  /** The pool had tried for this very call. */
  readonly isOwnFailure: boolean
  /** This process could not read what had arrived, for most of the wait. */
  readonly wasBusy: boolean
}

/** Weighs what is known; the first that fits. */
export function likelyCause(pool: PoolState, call: Refused): LikelyCause {
  const isSilent = call.failure?.kind === 'connectTimeout'
  // The driver's own time limit is over as well when the process comes to look.
  if (call.wasBusy && (call.failure === undefined || isSilent) && !call.holdsAnother) return 'processBusy'
  const refusal = isSilent ? 'slowConnect' : 'serverRefuses'
  if (call.failure !== undefined && call.isOwnFailure) return refusal
  const stuck = stuckOn(pool)
  // A loop over rows that waits for a second connection does not read either.
  if (stuck === 'unreadStream') return stuck
  if (call.holdsAnother) return 'nestedAcquire'
  // Where others hold most of the pool throughout, they are to blame even if the server refuses one connection more.
  if (call.failure !== undefined && (stuck === undefined || 2 * pool.active < pool.max)) return refusal
  if (stuck !== undefined) return stuck
  return isConnecting(pool, call) ? 'slowConnect' : 'poolTooSmall'
}

/** What most of those do that have held theirs throughout, where these are half of all. */
function stuckOn({ heldThroughout, active }: PoolState): LikelyCause | undefined {
  const { idle, idleInTransaction, running, unread } = heldThroughout
  const most = Math.max(idle, idleInTransaction, running, unread)
  if (most === 0 || 2 * (idle + idleInTransaction + running + unread) < active) return undefined
  if (most === unread) return 'unreadStream'
  if (most === idle) return 'leak'
  return most === idleInTransaction ? 'longTransaction' : 'longStatement'
}

/**
 * A pool from which nobody holds a connection is not too small, nor is one whose places are mostly taken by what is
 * being made.
 */
function isConnecting(pool: PoolState, call: Refused): boolean {
  if (!Number.isFinite(pool.max)) return pool.active === 0
  return call.wasTaking || pool.active === 0 || pool.connecting > pool.active
}

/** Cause and remedy in words. */
export function adviceFor(cause: LikelyCause, failure: Failure | undefined, { connecting, inHook }: PoolState): Advice {
  if ((cause === 'serverRefuses' || cause === 'slowConnect') && failure !== undefined) return failure
  return cause === 'slowConnect' && inHook > 0 && 2 * inHook >= connecting ? slowHook : advice[cause]
}

const slowHook: Advice = {
  why: 'the server has answered, and the hook onConnect of the pool has not finished: nobody gets the connection before it has',
  instead: 'look at what onConnect awaits; a query in it that asks the same pool for a connection never ends',
}

const advice: { readonly [Cause in LikelyCause]: Advice } = {
  nestedAcquire: {
    why: 'the call holds a connection already and waits for a second one; when all callers do that, none of them can go on',
    instead:
      'use the connection that is held: pass it, or its transaction, on to what is called, and leave the pool alone meanwhile',
  },
  serverRefuses: { why: 'the pool could not connect', instead: 'see the cause of this error' },
  slowConnect: {
    why: 'connections were still being made: the server does not answer, or the way to it is slow',
    instead: 'look at the server and the way to it; a longer acquireTimeoutMillis only hides it',
  },
  processBusy: {
    why: 'this process was busy for most of that time, or suspended: answers arrived, and nobody read them',
    instead:
      'no long computation on the main thread (a worker thread, or pieces with await setImmediate() between them); look at the delay of the event loop',
  },
  unreadStream: {
    why: 'cursors or streams are open whose readers do not read: an HTTP client that has gone or is slow, or a loop over rows that itself waits for a second connection',
    instead:
      'end the stream when its reader goes: stream.pipeline(rows, response) does, or rows.destroy() in the close event; close() a cursor in a finally block',
  },
  leak: {
    why: 'connections are out on which nothing runs and no transaction is open: most likely somebody never gives them back',
    instead:
      'give each connection back in a finally block, or use the calls that give it back by themselves: those for one statement, and those that run a transaction as a function',
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
    instead:
      'fewer calls at once, or shorter ones; then a larger pool, as far as the server or the pooler has room for it',
  },
}
