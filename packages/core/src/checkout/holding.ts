import { AsyncLocalStorage } from 'node:async_hooks'
import type { CheckoutState } from './checkout.ts'

/** A checkout, as those see it that wait while it is held. */
export interface Holdable {
  readonly state: CheckoutState
  /** The connections that the call held already which asked for this one. */
  readonly inside: Holdable | undefined
  /** Callers that wait for a connection while they hold this one. */
  waitingInside: number
  /** The same for all connections that one flow of calls takes, one after the other or one inside the other. */
  readonly family: number
  /** Which connection it was; 0 where nobody numbers them. */
  readonly connectionId: number
  /** When and where it was released. */
  readonly released: Released | undefined
}

/** The release of a connection. */
export interface Released {
  /** On the clock of `performance.now()`. */
  readonly at: number
  readonly operation: string | undefined
  readonly callSite: string | undefined
}

/** Work that will take a connection: what it calls holds that connection, as soon as it is known. */
export interface HoldingWork {
  holds: Holdable | undefined
  readonly inside: Holdable | undefined
}

/** The connection that an asynchronous context holds, of those that it took the newest. */
export type Holding = Holdable | HoldingWork

const key = Symbol.for('poolsafe.holdings')
const holder = globalThis as { [key]?: AsyncLocalStorage<Holding> }

/** Shared by every copy of this package in the process. */
export const holdings: AsyncLocalStorage<Holding> = (holder[key] ??= new AsyncLocalStorage())

/** The newest connection that this context holds. */
export function liveHolding(): Holdable | undefined {
  const holding = holdings.getStore()
  return holding === undefined ? undefined : firstHeld(isWork(holding) ? (holding.holds ?? holding.inside) : holding)
}

/** The newest connection that this context has taken, released or not. */
export function newestHolding(): Holdable | undefined {
  const holding = holdings.getStore()
  return holding !== undefined && isWork(holding) ? (holding.holds ?? holding.inside) : holding
}

/** The family of the flow that asks now; `undefined` where it has had no connection yet. One that it still waits for is another flow's. */
export function presentFamily(): number | undefined {
  const newest = newestHolding()
  return newest?.state === 'held' || newest?.state === 'over' ? newest.family : undefined
}

/** A connection, and those around it, as far as they are still held. */
export function* heldFrom(innermost: Holdable | undefined): Generator<Holdable> {
  for (let held = firstHeld(innermost); held !== undefined; held = firstHeld(held.inside)) yield held
}

/**
 * What follows in this context holds this connection, once it has come. Calls that started side by side do not hold one
 * another's: what has not come yet is held by nobody who asks meanwhile.
 *
 * @returns what a layer above may enter in its turn, where it calls the driver in a context of its own
 */
export function enterHolding(checkout: Holdable): void {
  const around = holdings.getStore()
  if (around !== undefined && isWork(around) && around.holds === undefined) around.holds = checkout
  else holdings.enterWith(checkout)
}

/** For layers above the driver: runs `work`, which will take a connection and hold it until it is over. */
export function runHolding<Result>(work: () => Result): Result {
  return holdings.run({ holds: undefined, inside: liveHolding() }, work)
}

function isWork(holding: Holding): holding is HoldingWork {
  return 'holds' in holding
}

function firstHeld(innermost: Holdable | undefined): Holdable | undefined {
  let found = innermost
  while (found !== undefined && found.state !== 'held') found = found.inside
  return found
}
