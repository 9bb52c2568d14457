import {
  AwaitChain,
  formatCallSite,
  Gate,
  holdings,
  mayPlace,
  openCallback,
  origins,
  wouldWait,
  type Engine,
  type Entry,
  type HoldingWork,
  type TransactionCallback,
} from '@poolsafe/core/adapter'
import type { OperationOrigin } from './origin.ts'

/** The callback of an interactive transaction. */
export type Work = (...args: unknown[]) => unknown

/** An open interactive transaction, in whose callback a call seems to be. */
export type OpenTransaction = HoldingWork & { readonly callback: TransactionCallback }

/** A call of the client's own handle. */
interface OuterCall {
  readonly origin: OperationOrigin
  readonly send: () => unknown
  /** The function that calls, once all who await it do so. */
  readonly entry: Entry
}

/** The interactive transactions of a client, as far as its own handle may be used inside them. */
export class OpenTransactions {
  readonly #owner: object
  readonly #guard: Engine

  /** @param owner what the client has in common with those that extend it */
  constructor(owner: object, guard: Engine) {
    this.#owner = owner
    this.#guard = guard
  }

  /** The open transaction that the caller's context is in. Without one, this costs one look at the context. */
  get around(): OpenTransaction | undefined {
    const open = openCallback(this.#owner)
    return open === undefined || !mayPlace(this.#guard.mode) ? undefined : open
  }

  /** The callback, which opens the transaction for those who call inside it. */
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
   * Sends a call, if it may be sent.
   *
   * @throws UnsafeStatementError where the transaction's own callback makes the call past it. One that has to wait is
   *   left to the deadlock watch
   */
  place(around: OpenTransaction, { origin, send, entry }: OuterCall): unknown {
    const isInside = new AwaitChain(entry).hasRootOf(around.callback.chain)
    if (isInside === false) return this.#sendOutside(around, origin, send)
    const error = isInside === true && !hasToWait(around) ? this.#judge(around, entry) : undefined
    if (error !== undefined) throw error
    origin.isPlaced = true
    return origins.run(origin, send)
  }

  #judge({ callback }: OpenTransaction, entry: Entry): Error | undefined {
    return this.#guard.refuseCall('outsideHandle', entry, formatCallSite(callback.chain.frames) ?? '')
  }

  /** Work that the callback started and does not await holds nothing of it. */
  #sendOutside({ inside }: OpenTransaction, origin: OperationOrigin, send: () => unknown): unknown {
    const sendNamed = (): unknown => origins.run(origin, send)
    return inside === undefined ? holdings.exit(sendNamed) : holdings.run(inside, sendNamed)
  }
}

/** A transaction inside another one takes no connection of its own. */
function hasToWait({ holds, inside }: HoldingWork): boolean {
  const owner = (holds ?? inside)?.owner
  return owner instanceof Gate && wouldWait(owner)
}
