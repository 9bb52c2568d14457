import { PoolsafeError } from '../errors.ts'
import { describePool, describeTimeout, rows, seconds, type NoConnection } from './no-connection-message.ts'
import type { Holder, LikelyCause, PoolState } from './pool-state.ts'

/** No connection was to be had. Its fields say how the pool stood then. */
export abstract class NoConnectionError extends PoolsafeError {
  /** The most connections that the pool opens. */
  readonly max: number
  /** Connections that were open or being opened. */
  readonly size: number
  readonly idle: number
  /** Connections that the application held. */
  readonly active: number
  /** Calls that waited, this one included. */
  readonly waiting: number
  /** Who held connections for longest, five at most. */
  readonly holders: readonly Holder[]
  /** See {@link LikelyCause}. */
  readonly likelyCause: LikelyCause
  /** The ORM's name for the call, such as `User.findMany`, where known. */
  readonly operation: string | undefined

  constructor(message: string, call: NoConnection, pool: PoolState) {
    super(message, call.error === undefined ? undefined : { cause: call.error })
    this.max = pool.max
    this.size = pool.size
    this.idle = pool.idle
    this.active = pool.active
    this.waiting = pool.waiting
    this.holders = pool.holders
    this.likelyCause = call.likelyCause
    this.operation = call.operation
  }
}

/** A call waited for a connection for longer than `acquireTimeoutMillis`. Its `cause` is why the pool could not connect, if that was it. */
export class AcquireTimeoutError extends NoConnectionError {
  readonly waitedMillis: number
  /** `acquireTimeoutMillis`. */
  readonly limitMillis: number

  constructor(waitedMillis: number, limitMillis: number, call: NoConnection, pool: PoolState) {
    super(describeTimeout(waitedMillis, call, pool), call, pool)
    this.waitedMillis = waitedMillis
    this.limitMillis = limitMillis
  }
}

/** As many calls as `maxWaiting` allows wait for a connection already. Thrown at once. */
export class QueueFullError extends NoConnectionError {
  readonly maxWaiting: number

  constructor(maxWaiting: number, call: NoConnection, pool: PoolState) {
    super(`no connection is free, and ${maxWaiting} calls wait already ${describePool(pool)}\n${rows(call, pool)}`, call, pool)
    this.maxWaiting = maxWaiting
  }
}

/** Everyone who holds a connection of the pool waits for another one: nobody can go on. Thrown in strict mode, without waiting for the timeout. */
export class SelfDeadlockError extends NoConnectionError {
  constructor(call: NoConnection, pool: PoolState) {
    const [longest] = pool.holders
    const since = longest === undefined ? '' : `; the first has held one for ${seconds(longest.heldMillis)}`
    super(`every connection is held by a call that waits for another one ${describePool(pool)}${since}\n${rows(call, pool)}`, call, pool)
  }
}
