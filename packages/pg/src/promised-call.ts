import type { Entry } from '@poolsafe/core/adapter'
import type { Acquiring, Checkout, Receiver, Release } from '@poolsafe/core/internal'
import { controlOf } from './limits/client-control.ts'
import { knownLifeOf } from './living-client.ts'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import { traceToCaller } from './throw-from-here.ts'
import type { ClientLike } from './types.ts'

function nothing(): void {}

/** The functions that settle the promise made last. `Promise` calls its executor before it returns. */
const settlers: { resolve: (client: ClientLike) => void; reject: (error: unknown) => void } = {
  resolve: nothing,
  reject: nothing,
}

/** One executor for all promises, because a closure for each would take 100 bytes. */
function keepSettlers(resolve: (client: ClientLike) => void, reject: (error: unknown) => void): void {
  settlers.resolve = resolve
  settlers.reject = reject
}

/** A call of `pool.connect` that returns a promise. */
export class PromisedCall implements Receiver<ClientLike> {
  /** What the application called, until the gate has taken the call. */
  #entry: Entry | undefined
  #resolve: (client: ClientLike) => void = nothing
  #reject: (error: unknown) => void = nothing

  constructor(entry: Entry) {
    this.#entry = entry
  }

  /** Makes the promise of this call. */
  promise(PromiseOfPool: PromiseConstructor): Promise<ClientLike> {
    return PromiseOfPool === Promise ? this.#promise() : this.#promiseOf(PromiseOfPool)
  }

  #promise(): Promise<ClientLike> {
    const promise = new Promise<ClientLike>(keepSettlers)
    this.#resolve = settlers.resolve
    this.#reject = settlers.reject
    settlers.resolve = nothing
    settlers.reject = nothing
    return promise
  }

  /** The pool's own class of promises may call its executor later, when someone awaits the promise. */
  #promiseOf(PromiseOfPool: PromiseConstructor): Promise<ClientLike> {
    return new PromiseOfPool((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  receive(
    error: Error | undefined,
    client: GatedClient | undefined,
    _release: Release,
    checkout: Checkout<ClientLike>,
  ): void {
    if (client !== undefined) {
      client[checkoutKey] = checkout
      if (checkout.isFollowed) knownLifeOf(client)?.held(checkout)
      this.#resolve(client)
    } else this.fail(error)
  }

  /** Notes that the gate has taken the call. */
  taken(): void {
    this.#entry = undefined
  }

  /** Rejects. The stack of an error that is known before `connect` returns begins at the caller. */
  fail(error: Error | undefined): void {
    if (this.#entry !== undefined) traceToCaller(error, this.#entry)
    this.#reject(error)
  }
}

/** A call for a layer above the pool. That layer can then control the connection. */
export class AcquiringCall extends PromisedCall {
  readonly #acquiring: Acquiring

  constructor(entry: Entry, acquiring: Acquiring) {
    super(entry)
    this.#acquiring = acquiring
  }

  override receive(
    error: Error | undefined,
    client: GatedClient | undefined,
    release: Release,
    checkout: Checkout<ClientLike>,
  ): void {
    if (client !== undefined) this.#acquiring.control = controlOf(client)
    super.receive(error, client, release, checkout)
  }
}
