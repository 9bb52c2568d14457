import type { PoolsafeError } from '@poolsafe/core'
import type { Engine, Entry } from '@poolsafe/core/adapter'
import {
  AwaitChain,
  claimWork,
  heldAround,
  heldOf,
  isHeldBySomeFlow,
  mayPlace,
  origins,
  placeCall,
  runPlaced,
  settled,
  wouldWait,
  type Checkout,
  type Gate,
  type Holdable,
  type Holding,
  type SecondCall,
} from '@poolsafe/core/internal'
import { sqlOf } from './query-watch.ts'
import { isSubmittable, refuseCall } from './statement.ts'
import type { Arguments, ClientLike, PoolLike } from './types.ts'

/** A call that waits, or waited, for its connection. */
class QueuedCall {
  readonly #gate: Gate<ClientLike>
  readonly #result: unknown
  readonly #checkout: Checkout<ClientLike> | undefined

  /** @param checkout `undefined` if the queue refused the call */
  constructor(gate: Gate<ClientLike>, result: unknown, checkout: Checkout<ClientLike> | undefined) {
    this.#gate = gate
    this.#result = result
    this.#checkout = checkout
  }

  /**
   * Moves the call to its place among held connections. Then ends its wait with `error`, unless the call has its
   * connection by now. A call that waits for itself is left to the deadlock watch, which reports figures.
   *
   * @returns the result of the call
   */
  placed(call: SecondCall, held: Holdable, error: PoolsafeError | undefined): unknown {
    if (this.#checkout === undefined) return this.#result
    if (call.isInside === false) this.#gate.place(this.#checkout, heldAround(call, held))
    else if (call.isInside === true && this.#checkout.inside === undefined) this.#gate.place(this.#checkout, held)
    if (error !== undefined && !this.#gate.deadlocks.isClosed(this.#checkout)) this.#gate.abort(this.#checkout, error)
    return this.#result
  }
}

/** Calls to a pool from work that already holds one of its connections. */
export class SecondCalls {
  readonly #pool: PoolLike
  readonly #gate: Gate<ClientLike>
  readonly #guard: Engine

  constructor(pool: PoolLike, gate: Gate<ClientLike>, guard: Engine) {
    this.#pool = pool
    this.#gate = gate
    this.#guard = guard
  }

  /**
   * Returns the connection that the caller seems to hold, if that matters: inside a transaction, or if the call would
   * wait for itself.
   *
   * @param holding what the caller's context holds
   */
  held(holding: Holding | undefined): Holdable | undefined {
    if (holding === undefined) return undefined
    const held = heldOf(this.#gate, holding)
    if (held === undefined) return undefined
    if (isHeldBySomeFlow(holding)) this.#gate.flows.noteUncertain(held)
    if (!(held.begun?.isOpen() === true || wouldWait(this.#gate))) return undefined
    if (origins.getStore()?.isPlaced === true) return undefined
    return mayPlace(this.#guard.mode) ? held : undefined
  }

  /** Returns true if the call returns a promise. It can then be judged a moment later, when V8 knows who awaits it. */
  #isPromised(args: Arguments): boolean {
    const { Promise: PromiseOfPool = Promise } = this.#pool as { Promise?: unknown }
    return PromiseOfPool === Promise && !isSubmittable(args[0]) && !args.some((arg) => typeof arg === 'function')
  }

  /**
   * Judges a query, then sends it.
   *
   * @param held the result of {@link held}
   * @param entry the function that the application called
   */
  send(held: Holdable, args: Arguments, entry: Entry, send: (args: Arguments) => unknown): unknown {
    const sql = sqlOf(args[0])
    if (this.#isPromised(args)) return this.#query(held, sql, () => send(args))
    const call = placeCall(held, new AwaitChain(entry))
    const error = this.#judge(call, entry, sql)
    return error === undefined ? runPlaced(call, held, () => send(args)) : refuseCall(args, error, undefined)
  }

  #query(held: Holdable, sql: string | undefined, send: () => unknown): Promise<unknown> {
    const queryPlaced = async (): Promise<unknown> => {
      const queued = this.#queue(send)
      await settled()
      const call = placeCall(held, new AwaitChain(queryPlaced))
      const error = this.#judge(call, queryPlaced, sql)
      if (queued !== undefined) return queued.placed(call, held, error)
      if (error !== undefined) throw error
      return runPlaced(call, held, send)
    }
    return queryPlaced()
  }

  /** Returns the promise of `connect`, and enters the arriving connection in the caller's context. */
  connect(held: Holdable, connect: () => unknown): Promise<unknown> {
    const work = claimWork()
    const ask = (): unknown => {
      work.isClaimed = false
      return connect()
    }
    const connectPlaced = async (): Promise<unknown> => {
      const queued = this.#queue(ask)
      await settled()
      const call = placeCall(held, new AwaitChain(connectPlaced))
      if (call.isInside === false) work.inside = held.inside
      else if (call.isInside === true) work.inside ??= held
      const error = this.#judge(call, connectPlaced)
      if (queued !== undefined) return queued.placed(call, held, error)
      if (error !== undefined) throw error
      return ask()
    }
    return connectPlaced()
  }

  /**
   * Immediately queues a call that has to wait, as without a guard.
   *
   * @returns `undefined` for any other call
   */
  #queue(send: () => unknown): QueuedCall | undefined {
    if (!wouldWait(this.#gate)) return undefined
    const { lastWaiting: before } = this.#gate
    const result = send()
    const { lastWaiting } = this.#gate
    return new QueuedCall(this.#gate, result, lastWaiting === before ? undefined : lastWaiting)
  }

  /** @returns the error that refuses a call inside an open transaction */
  #judge({ began }: SecondCall, entry: Entry, sql?: string): PoolsafeError | undefined {
    if (began === undefined) return undefined
    return this.#guard.refuseCall('outsideHandle', entry, began, sql)
  }
}
