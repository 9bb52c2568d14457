import { AsyncLocalStorage } from 'node:async_hooks'
import type { CheckoutState } from './checkout.ts'

/** A checkout, as far as it is known to be held. */
export interface Holdable {
  readonly state: CheckoutState
  /** Callers that wait for a connection while they hold this one. */
  waitingInside: number
}

/** The connections that an asynchronous context holds: the newest, and those around it. */
export interface Holding {
  /** Absent while the connection is still being asked for, as a layer above the driver may say before it is. */
  checkout: Holdable | undefined
  readonly outer: Holding | undefined
}

const key = Symbol.for('poolsafe.holdings')
const holder = globalThis as { [key]?: AsyncLocalStorage<Holding> }

/** Shared by every copy of this package in the process. */
export const holdings: AsyncLocalStorage<Holding> = (holder[key] ??= new AsyncLocalStorage())

/** The innermost holding of this context whose connection has not been given back. */
export function liveHolding(): Holding | undefined {
  return live(holdings.getStore())
}

/** The connections of one holding and of those around it that are still held. */
export function* heldInside(holding: Holding | undefined): Generator<Holdable> {
  for (let inner = live(holding); inner?.checkout !== undefined; inner = live(inner.outer)) yield inner.checkout
}

/**
 * What follows in this context belongs to whoever asked for this connection. Calls that started side by side do not hold
 * one another's connections: a holding that has not got its connection yet is no outer one.
 */
export function enterHolding(checkout: Holdable): Holding {
  const around = holdings.getStore()
  // A layer above has opened the context, and waits for the connection to be put in.
  if (around !== undefined && around.checkout === undefined) {
    around.checkout = checkout
    return around
  }
  const holding: Holding = { checkout: checkout, outer: live(around) }
  holdings.enterWith(holding)
  return holding
}

/** For layers above the driver: runs `work`, which will take a connection and hold it until it is over. */
export function runHolding<Result>(work: () => Result): Result {
  return holdings.run({ checkout: undefined, outer: liveHolding() }, work)
}

function live(holding: Holding | undefined): Holding | undefined {
  let found = holding
  while (found !== undefined && found.checkout?.state !== 'held') found = found.outer
  return found
}
