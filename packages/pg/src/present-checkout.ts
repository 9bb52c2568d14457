import type { Execution } from '@poolsafe/core/adapter'
import type { Checkout } from '@poolsafe/core/internal'
import type { ClientLike } from './types.ts'

/** The property of a client that holds its present checkout. A map would cost more than all the rest. */
export const checkoutKey: unique symbol = Symbol('poolsafe.checkout')

/** The property of a client that holds its pool's callbacks. */
export const poolKey: unique symbol = Symbol('poolsafe.pool')

/** The part of a client's pool that its statements need. */
export interface PoolOfClient {
  readonly name: string
  /** Notes the answer to a BEGIN. */
  poolerWaited(millis: number, operation: string | undefined): void
}

/** A client of a gated pool. */
export interface GatedClient extends ClientLike {
  [poolKey]?: PoolOfClient
  [checkoutKey]?: Checkout<ClientLike> | undefined
}

/** Returns, once, the execution of the statement that asked for the connection itself (`pool.query`). */
export function takeExecution(checkout: Checkout<ClientLike>): Execution | undefined {
  // Only `connectCallback` sets it.
  const execution = checkout.statement as Execution | undefined
  checkout.statement = undefined
  return execution
}
