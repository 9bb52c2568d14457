import type { Failure } from '../failure.ts'

/**
 * The application's present use of a connection that it holds.
 *
 * - `running`: a statement runs
 * - `unread`: a cursor or a stream is open, and its reader requests no more rows
 * - `idleInTransaction`: no statement runs, and a transaction is open
 * - `idle`: no statement runs, and no transaction is open
 */
export type Activity = 'running' | 'unread' | 'idleInTransaction' | 'idle' | 'unknown'

/** A call that holds a connection. */
export interface Holder {
  readonly heldMillis: number
  /** The ORM's name for the call that acquired it: `User.findMany`. */
  readonly operation: string | undefined
  /** The call site that acquired it, relative to the working folder, if it was remembered. */
  readonly callSite: string | undefined
  readonly activity: Activity
  /** How long its reader has read nothing, if the connection is `unread`. */
  readonly unreadMillis?: number | undefined
}

/** The state of a pool when a call was refused a connection. */
export interface PoolState {
  /** The maximum number of connections that the pool opens; `Infinity` if only the driver knows it. */
  readonly max: number
  /** Connections that are open or being opened. */
  readonly size: number
  readonly idle: number
  /** Connections that the application holds. */
  readonly active: number
  /** The number of connections that are still being opened. */
  readonly connecting: number
  /** The number of those that are open but whose `onConnect` hook of the pool has not finished. */
  readonly inHook: number
  /** The number of those that wait for the `password` function of the pool's configuration. */
  readonly inPassword: number
  /** The number of waiting calls, the refused one included. */
  readonly waiting: number
  /** The holders of connections, longest first, five at most. */
  readonly holders: readonly Holder[]
  /** How many of all holders have held their connection for most of the time that the call waited, by activity. */
  readonly heldThroughout: { readonly [Does in Activity]: number }
}

/**
 * The most likely reason why there was no connection.
 *
 * - `nestedAcquire`: the call holds a connection and waits for another one
 * - `serverRefuses`: the pool could not connect
 * - `slowConnect`: connecting, or a function of the pool's configuration (`onConnect`, `password`), took too long
 * - `processBusy`: for most of the wait, this process could not read data that had arrived
 * - `unreadStream`: cursors or streams whose readers do not read hold connections
 * - `leak`: connections are checked out but idle
 * - `longTransaction`: transactions are open but idle
 * - `longStatement`: statements have been running for longer than the call waited
 * - `poolTooSmall`: connections are acquired and released, but more callers want one than there are
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

/** The meaning of a cause, and the remedy. */
export interface Advice {
  readonly why: string
  readonly instead: string
}

/** The known facts about the call that got no connection. */
export interface Refused {
  readonly holdsAnother: boolean
  /** True if the pool had been asked for a connection for this call. */
  readonly wasTaking: boolean
  /** Why the pool could not connect, for this call or during its wait. */
  readonly failure: Failure | undefined
  /** True if that attempt was for this very call. */
  readonly isOwnFailure: boolean
  /** True if, for most of the wait, this process could not read data that had arrived. */
  readonly wasBusy: boolean
}

/** Returns the first cause that fits the known facts. */
export function likelyCause(pool: PoolState, call: Refused): LikelyCause {
  const isSilent = call.failure?.kind === 'connectTimeout'
  // When the process resumes, the driver's own time limit has expired as well.
  if (call.wasBusy && (call.failure === undefined || isSilent) && !call.holdsAnother) return 'processBusy'
  const refusal = isSilent ? 'slowConnect' : 'serverRefuses'
  if (call.failure !== undefined && call.isOwnFailure) return refusal
  const stuck = stuckOn(pool)
  // A loop over rows that waits for a second connection does not read either.
  if (stuck === 'unreadStream') return stuck
  if (call.holdsAnother) return 'nestedAcquire'
  // If other callers hold most of the pool during the whole wait, they are the cause, even if the server refuses one
  // more connection.
  if (call.failure !== undefined && (stuck === undefined || 2 * pool.active < pool.max)) return refusal
  if (stuck !== undefined) return stuck
  return isConnecting(pool, call) ? 'slowConnect' : 'poolTooSmall'
}

/** Returns what most of the lasting holders do, if those are at least half of all holders. */
function stuckOn({ heldThroughout, active }: PoolState): LikelyCause | undefined {
  const { idle, idleInTransaction, running, unread } = heldThroughout
  const most = Math.max(idle, idleInTransaction, running, unread)
  if (most === 0 || 2 * (idle + idleInTransaction + running + unread) < active) return undefined
  if (most === unread) return 'unreadStream'
  if (most === idle) return 'leak'
  return most === idleInTransaction ? 'longTransaction' : 'longStatement'
}

/** A pool without holders is not too small. Nor is a pool whose connections are mostly still being opened. */
function isConnecting(pool: PoolState, call: Refused): boolean {
  if (!Number.isFinite(pool.max)) return pool.active === 0
  return call.wasTaking || pool.active === 0 || pool.connecting > pool.active
}

/** Returns cause and remedy in words. */
export function adviceFor(cause: LikelyCause, failure: Failure | undefined, pool: PoolState): Advice {
  if ((cause === 'serverRefuses' || cause === 'slowConnect') && failure !== undefined) return failure
  if (cause !== 'slowConnect') return advice[cause]
  return isMost(pool.inPassword, pool) ? slowPassword : isMost(pool.inHook, pool) ? slowHook : advice[cause]
}

function isMost(count: number, { connecting }: PoolState): boolean {
  return count > 0 && 2 * count >= connecting
}

const slowPassword: Advice = {
  why: 'the password function of the pool has not given a password, and the login waits for it',
  instead:
    'look at what the password function awaits; give its request for a token a limit, and keep a token until shortly before it expires',
}

const slowHook: Advice = {
  why: 'the server has answered, but a hook of the pool (onConnect or verify) has not finished, and the connection cannot be used before',
  instead: 'look at what the hook awaits; a query in it that asks the same pool for a connection never ends',
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
    why: 'this process was busy for most of that time, or suspended: answers arrived, and it did not read them',
    instead:
      'no long computation on the main thread (a worker thread, or pieces with await setImmediate() between them); look at the delay of the event loop',
  },
  unreadStream: {
    why: 'cursors or streams are open whose readers do not read: an HTTP client that has gone or is slow, or a loop over rows that itself waits for a second connection',
    instead:
      'end the stream when its reader goes: stream.pipeline(rows, response) does, or rows.destroy() in the close event; close() a cursor in a finally block',
  },
  leak: {
    why: 'connections are checked out but idle, with no open transaction: most likely they are never released',
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
