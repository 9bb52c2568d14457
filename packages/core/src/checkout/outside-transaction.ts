import type { AwaitChain } from '../stack/await-chain.ts'
import { formatCallSite } from '../stack/call-site.ts'
import { SiteBudget } from '../stack/stack-budget.ts'
import { firstHeld, heldFrom, holdings, isProven, liveHolding, type Holdable } from './holding.ts'

/**
 * The innermost connection of this pool that the caller's context holds, if any. Without one, this costs one look at
 * the context.
 */
export function heldOf(owner: object): Holdable | undefined {
  let held = liveHolding()
  while (held !== undefined && held.owner !== owner) held = firstHeld(held.inside)
  return held
}

/** What is known of a call that asks for a second connection of a pool. */
export interface SecondCall {
  /** Whether the connection is held by those who await the call; `undefined` where that cannot be told. */
  readonly isInside: boolean | undefined
  /**
   * Where the open transaction began that the call is made inside; empty where the line is unknown, `undefined` for no
   * transaction.
   */
  readonly began: string | undefined
}

/**
 * Tells whether a call is made by the work that holds a connection. An asynchronous context is not enough: it is
 * inherited by work that nobody awaits, and entered by a caller that does not await what it calls. So the root of those
 * who awaited the BEGIN, or the connection, has to be among those that run or await the call.
 */
export function placeCall(held: Holdable, chain: AwaitChain): SecondCall {
  const { begun, taken } = held
  const isInTransaction = begun?.chain === undefined ? undefined : isInsideOf(begun.chain, chain, isProven(held))
  const isInside = isInTransaction ?? (taken === undefined ? undefined : chain.hasTaken(taken))
  const isPastTransaction =
    begun?.chain !== undefined && begun.isOpen() && comesFromInside(begun.chain, chain, isProven(held))
  const began = isPastTransaction ? (formatCallSite(begun.chain?.frames) ?? '') : undefined
  return { isInside: isInside === false && held.isOfCallback ? undefined : isInside, began }
}

/**
 * Those who call a library's transaction await it where they did; a function that sends BEGIN itself has gone on, in a
 * context of its own.
 */
function isInsideOf(begun: AwaitChain, call: AwaitChain, mayHaveGoneOn: boolean): boolean | undefined {
  const isAwaited = call.hasRootOf(begun)
  return isAwaited === false && mayHaveGoneOn ? call.isContinued(begun) : isAwaited
}

/**
 * A context that was entered before its caller awaited it is also that of calls beside it: there a library has to call
 * the application's callback. A function that sends BEGIN itself is known by a context of its own.
 */
function comesFromInside(begun: AwaitChain, call: AwaitChain, isOwnContext: boolean): boolean {
  if (call.comesFromCallbackOf(begun) === true) return true
  return isOwnContext && isInsideOf(begun, call, true) === true
}

/** Returns whether a call would have to wait at this gate now. */
export function wouldWait(gate: { readonly waitingCount: number; canTake(): boolean }): boolean {
  return gate.waitingCount > 0 || !gate.canTake()
}

const budget = new SiteBudget()

/** Bounds what is spent on stacks where such calls are frequent: 50 a second, in strict mode all. */
export function mayPlace(mode: string): boolean {
  return mode === 'strict' || budget.allows()
}

/** The connections that the caller of a {@link SecondCall} holds, or seems to hold. */
export function heldAround({ isInside }: SecondCall, held: Holdable): Holdable | undefined {
  return isInside === false ? heldFrom(held.inside).next().value : held
}

/** Runs `work` in the context of a caller that holds `held` only if that was not disproved. */
export function runPlaced<Result>(call: SecondCall, held: Holdable, work: () => Result): Result {
  const around = heldAround(call, held)
  // Where the connection is certain, the call is made inside it, even where other work shares the context.
  if (around === held) return call.isInside === true ? holdings.run(held, work) : work()
  return around === undefined ? holdings.exit(work) : holdings.run(around, work)
}
