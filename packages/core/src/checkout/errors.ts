import type { LossFacts, LossReason } from './loss.ts'
import { PoolsafeError } from '../errors.ts'
import { describeLoss } from './loss-message.ts'
import {
  describePool,
  describeTimeout,
  rows,
  seconds,
  type NoConnection,
  type WaitLimit,
} from './no-connection-message.ts'
import type { Holder, LikelyCause, PoolState } from './pool-state.ts'

/** A call got no connection. The fields hold the state of the pool at that moment. */
export abstract class NoConnectionError extends PoolsafeError {
  static override readonly name: string = 'NoConnectionError'
  /** The maximum number of connections that the pool opens. */
  readonly max: number
  /** Connections that were open or being opened. */
  readonly size: number
  readonly idle: number
  /** Connections that the application held. */
  readonly active: number
  /** Calls that waited, this one included. */
  readonly waiting: number
  /** The longest holders of connections, five at most. */
  readonly holders: readonly Holder[]
  /** See {@link LikelyCause}. */
  readonly likelyCause: LikelyCause
  /** The ORM's name for the call, such as `User.findMany`, if known. */
  readonly operation: string | undefined
  /** How long this process was busy or suspended while the call waited, in stretches of 100 ms and more. */
  readonly busyMillis: number

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
    this.busyMillis = call.busyMillis
  }
}

/**
 * A call waited for a connection for longer than `acquireTimeoutMillis`. If the pool could not connect, its `cause` is
 * that error.
 */
export class AcquireTimeoutError extends NoConnectionError {
  static override readonly name: string = 'AcquireTimeoutError'
  readonly waitedMillis: number
  /** `acquireTimeoutMillis`, or the call's own limit if that is less, such as Prisma's `maxWait`. */
  readonly limitMillis: number
  /**
   * The report, if the application set the limit on the pool itself. The message is then the pool's own, because
   * applications compare it. `undefined` if the message is the report.
   */
  declare readonly report: string | undefined

  constructor(waitedMillis: number, limit: WaitLimit, call: NoConnection, pool: PoolState) {
    const report = describeTimeout(waitedMillis, limit, call, pool)
    super(limit.words ?? report, call, pool)
    this.waitedMillis = waitedMillis
    this.limitMillis = limit.millis
    if (limit.words !== undefined) this.report = report
  }
}

/** `maxWaiting` calls wait for a connection already. Thrown immediately. */
export class QueueFullError extends NoConnectionError {
  static override readonly name: string = 'QueueFullError'
  readonly maxWaiting: number

  constructor(maxWaiting: number, call: NoConnection, pool: PoolState) {
    super(
      `no connection is free, and ${maxWaiting} calls wait already ${describePool(pool)}\n${rows(call, pool)}`,
      call,
      pool,
    )
    this.maxWaiting = maxWaiting
  }
}

/**
 * The server refuses connections, the pool has none that could be released, and `failFast` says not to wait. Its
 * `cause` is the error of the pool's last attempt to connect. Thrown immediately.
 */
export class ServerRefusesError extends NoConnectionError {
  static override readonly name: string = 'ServerRefusesError'
  /** How long the server has refused connections. */
  readonly refusedMillis: number

  constructor(refusedMillis: number, call: NoConnection, pool: PoolState) {
    super(
      `the server has refused connections for ${seconds(refusedMillis)} ${describePool(pool)}\n${rows(call, pool)}`,
      call,
      pool,
    )
    this.refusedMillis = refusedMillis
  }
}

/**
 * Every holder of a connection of the pool waits for another one, so none of them can continue. Thrown in strict mode,
 * without waiting for the timeout.
 */
export class SelfDeadlockError extends NoConnectionError {
  static override readonly name: string = 'SelfDeadlockError'
  constructor(call: NoConnection, pool: PoolState) {
    const [longest] = pool.holders
    const since = longest === undefined ? '' : `; the first has held one for ${seconds(longest.heldMillis)}`
    super(
      `every connection is held by a call that waits for another one ${describePool(pool)}${since}\n${rows(call, pool)}`,
      call,
      pool,
    )
  }
}

/**
 * An open connection was lost. It is the `cause` of the driver's `Client has encountered a connection error and is not
 * queryable` and `Connection terminated unexpectedly`. Its own `cause` is the error of the server or of the socket, if
 * there was one.
 */
export class ConnectionLostError extends PoolsafeError {
  static override readonly name: string = 'ConnectionLostError'
  readonly reason: LossReason
  readonly facts: LossFacts

  constructor(reason: LossReason, held: Omit<LossFacts, 'reason' | 'lostAt'>, cause: Error | undefined) {
    const facts = { reason, lostAt: new Date().toISOString(), ...held }
    super(describeLoss(facts, cause), cause === undefined ? undefined : { cause })
    this.reason = reason
    this.facts = facts
    // The message contains everything in it; Node would print it a second time.
    Object.defineProperty(this, 'facts', { enumerable: false })
  }
}
