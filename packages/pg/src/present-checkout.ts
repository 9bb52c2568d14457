import type { Checkout } from '@poolsafe/core'
import type { ClientLike } from './types.ts'

/** Where a client keeps its present checkout: a property, as a map would cost more than all the rest. */
export const checkoutKey: unique symbol = Symbol('poolsafe.checkout')

/** Where a client keeps the name of its pool. */
export const poolNameKey: unique symbol = Symbol('poolsafe.poolName')

/** A client of a gated pool. */
export interface GatedClient extends ClientLike {
  [poolNameKey]?: string
  [checkoutKey]?: Checkout<ClientLike> | undefined
}
