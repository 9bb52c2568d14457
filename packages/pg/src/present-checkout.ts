import type { Checkout, Execution } from '@poolsafe/core/adapter'
import type { ClientLike } from './types.ts'

/** Where a client keeps its present checkout: a property, as a map would cost more than all the rest. */
export const checkoutKey: unique symbol = Symbol('poolsafe.checkout')

/** Where a client keeps what its pool wants to know. */
export const poolKey: unique symbol = Symbol('poolsafe.pool')

/** The pool of a client, as far as its statements concern it. */
export interface PoolOfClient {
  readonly name: string
  /** A BEGIN was answered. */
  poolerWaited(millis: number, operation: string | undefined): void
}

/** A client of a gated pool. */
export interface GatedClient extends ClientLike {
  [poolKey]?: PoolOfClient
  [checkoutKey]?: Checkout<ClientLike> | undefined
}

/** Takes the execution of the statement that asked for the connection itself (`pool.query`). */
export function takeExecution(checkout: Checkout<ClientLike>): Execution | undefined {
  // Only `connectCallback` sets it.
  const execution = checkout.statement as Execution | undefined
  checkout.statement = undefined
  return execution
}
