import type { Engine, Entry } from '@poolsafe/core/adapter'
import {
  AwaitChain,
  formatCallSite,
  holdings,
  mayPlace,
  openCallback,
  origins,
  type HoldingWork,
  type TransactionCallback,
} from '@poolsafe/core/internal'
import type { OperationOrigin } from './origin.ts'

/** The callback of an interactive transaction. */
export type Work = (...args: unknown[]) => unknown

/** An open interactive transaction. The async context of a call says that the call is inside its callback. */
export type OpenTransaction = HoldingWork & { readonly callback: TransactionCallback }

/** A call on the client itself, not on the `tx` of a transaction. */
interface OuterCall {
  readonly origin: OperationOrigin
  readonly send: () => unknown
  /** The calling function, by which V8 knows who awaits the call. */
  readonly entry: Entry
}

/** Follows the interactive transactions of a client, to find calls on the client inside their callbacks. */
export class OpenTransactions {
  readonly #owner: object
  readonly #guard: Engine

  /** @param owner an object that the client shares with those that extend it */
  constructor(owner: object, guard: Engine) {
    this.#owner = owner
    this.#guard = guard
  }

  /** Returns the open transaction in the caller's async context. Costs one lookup if there is none. */
  get around(): OpenTransaction | undefined {
    const open = openCallback(this.#owner)
    return open === undefined || !mayPlace(this.#guard.mode) ? undefined : open
  }

  /** Wraps the callback of a transaction, so that calls inside it find the transaction. */
  enter(holding: HoldingWork, work: Work): Work {
    const owner = this.#owner
    return async function inTransaction(...args) {
      const callback: TransactionCallback = { owner, chain: new AwaitChain(inTransaction), isOver: false }
      holding.callback = callback
      try {
        return await work(...args)
      } finally {
        callback.isOver = true
      }
    }
  }

  /**
   * Sends a call, unless the callback of the open transaction makes it outside of that transaction.
   *
   * @throws UnsafeStatementError for such a call
   */
  place(around: OpenTransaction, { origin, send, entry }: OuterCall): unknown {
    const isInside = new AwaitChain(entry).hasRootOf(around.callback.chain)
    if (isInside === false) return this.#sendOutside(around, origin, send)
    const error = isInside === true ? this.#judge(around, entry) : undefined
    if (error !== undefined) throw error
    origin.isPlaced = true
    return origins.run(origin, send)
  }

  #judge({ callback }: OpenTransaction, entry: Entry): Error | undefined {
    return this.#guard.refuseCall('outsideHandle', entry, formatCallSite(callback.chain.frames) ?? '')
  }

  /** Work that the callback starts and does not await does not hold its connection. */
  #sendOutside({ inside }: OpenTransaction, origin: OperationOrigin, send: () => unknown): unknown {
    const sendNamed = (): unknown => origins.run(origin, send)
    return inside === undefined ? holdings.exit(sendNamed) : holdings.run(inside, sendNamed)
  }
}
