import {
  AwaitChain,
  enterWork,
  heldOf,
  mayPlace,
  placeCall,
  processWide,
  runPlaced,
  settled,
  wouldWait,
  type Entry,
  type Gate,
  type Guard,
  type Holdable,
  type PoolsafeError,
  type SecondCall,
} from '@poolsafe/core'
import { sqlOf } from './query-watch.ts'
import { isSubmittable, refuseCall } from './statement.ts'
import type { Arguments, ClientLike, DriverFunction, PoolLike } from './types.ts'

/** The calls of a pool by work that holds one of its connections already. */
export class SecondCalls {
  readonly #pool: PoolLike
  readonly #gate: Gate<ClientLike>
  readonly #guard: Guard

  constructor(pool: PoolLike, gate: Gate<ClientLike>, guard: Guard) {
    this.#pool = pool
    this.#gate = gate
    this.#guard = guard
  }

  /** The connection that the caller seems to hold, where that matters: inside a transaction, or where the call would wait for itself. */
  get held(): Holdable | undefined {
    const held = heldOf(this.#gate)
    if (held === undefined || !(held.begun?.isOpen() === true || wouldWait(this.#gate))) return undefined
    if (processWide.origins.getStore()?.isPlaced === true) return undefined
    return mayPlace(this.#guard.mode) ? held : undefined
  }

  /** Returns whether the call returns a promise, so that it can be judged a moment later, when V8 knows who awaits it. */
  #isPromised(args: Arguments): boolean {
    const { Promise: PromiseOfPool = Promise } = this.#pool as { Promise?: unknown }
    return PromiseOfPool === Promise && !isSubmittable(args[0]) && !args.some((arg) => typeof arg === 'function')
  }

  /** Sends a query, after the verdict on it. @param entry the function that the application called */
  send(args: Arguments, entry: Entry, send: (args: Arguments) => unknown): unknown {
    const { held } = this
    if (held === undefined) return send(args)
    const sql = sqlOf(args[0])
    if (this.#isPromised(args)) return this.#query(held, sql, () => send(args))
    const call = placeCall(held, new AwaitChain(entry))
    const error = this.#judge(call, entry, sql)
    return error === undefined ? runPlaced(call, held, () => send(args)) : refuseCall(args, error, undefined)
  }

  #query(held: Holdable, sql: string | undefined, send: () => unknown): Promise<unknown> {
    const queryPlaced = async (): Promise<unknown> => {
      await settled()
      const call = placeCall(held, new AwaitChain(queryPlaced))
      const error = this.#judge(call, queryPlaced, sql)
      if (error !== undefined) throw error
      return runPlaced(call, held, send)
    }
    return queryPlaced()
  }

  /** Returns the promise of `connect`, and enters the connection that comes in the caller's context. */
  connect(held: Holdable, connect: DriverFunction): Promise<unknown> {
    const work = enterWork()
    const connectPlaced = async (): Promise<unknown> => {
      await settled()
      const call = placeCall(held, new AwaitChain(connectPlaced))
      const error = this.#judge(call, connectPlaced)
      if (error !== undefined) throw error
      if (call.isInside === false) work.inside = held.inside
      return connect.call(this.#pool)
    }
    return connectPlaced()
  }

  /** @returns the error that refuses a call inside an open transaction. One that has to wait is left to the deadlock watch */
  #judge({ began }: SecondCall, entry: Entry, sql?: string): PoolsafeError | undefined {
    if (began === undefined || wouldWait(this.#gate)) return undefined
    return this.#guard.refuseCall('outsideHandle', entry, began, sql)
  }
}
