import type { Entry } from '@poolsafe/core/adapter'
import type { Acquiring, Checkout } from '@poolsafe/core/internal'
import { controlOf } from './limits/client-control.ts'
import { knownLifeOf } from './living-client.ts'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import { traceToCaller } from './throw-from-here.ts'
import type { ClientLike } from './types.ts'

function nothing(): void {}

/** A call of `pool.connect` that returns a promise. */
export class PromisedCall {
  /** True once the gate has taken the call or refused it. */
  hasReturned = false
  /** True if the pool failed before that. */
  hasFailed = false
  readonly #acquiring: Acquiring | undefined
  readonly #entry: Entry
  #resolve: (client: ClientLike) => void = nothing
  #reject: (error: unknown) => void = nothing

  constructor(acquiring: Acquiring | undefined, entry: Entry) {
    this.#acquiring = acquiring
    this.#entry = entry
  }

  settleBy(resolve: (client: ClientLike) => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve
    this.#reject = reject
  }

  receive(error: Error | undefined, client: GatedClient | undefined, checkout: Checkout<ClientLike>): void {
    if (client !== undefined) {
      client[checkoutKey] = checkout
      if (checkout.isFollowed) knownLifeOf(client)?.held(checkout)
      if (this.#acquiring !== undefined) this.#acquiring.control = controlOf(client)
      this.#resolve(client)
    } else if (this.hasReturned) this.#reject(error)
    else {
      this.hasFailed = true
      this.fail(error)
    }
  }

  /** Rejects with an error that is known before `connect` returns, so that its stack can begin at the caller. */
  fail(error: Error | undefined): void {
    traceToCaller(error, this.#entry)
    this.#reject(error)
  }
}
