import type { AwaitChain } from '../stack/await-chain.ts'
import { formatCallSite } from '../stack/call-site.ts'
import { SiteBudget } from '../stack/stack-budget.ts'
import { firstHeld, heldFrom, holdings, isProven, liveHolding, type Holdable, type Holding } from './holding.ts'

/**
 * Returns the innermost connection of this pool that the caller's context holds, if any. If there is none, this costs
 * one lookup of the context.
 *
 * @param holding what the context holds, for callers that have read the context already
 */
export function heldOf(owner: object, holding?: Holding): Holdable | undefined {
  let held = liveHolding(holding)
  while (held !== undefined && held.owner !== owner) held = firstHeld(held.inside)
  return held
}

/** The known facts about a call that asks for a second connection of a pool. */
export interface SecondCall {
  /** True if the callers that await this call hold the connection; `undefined` if that is unknown. */
  readonly isInside: boolean | undefined
  /**
   * The call site where the enclosing open transaction began; empty if the call site is unknown, `undefined` without a
   * transaction.
   */
  readonly began: string | undefined
}

/**
 * Decides whether the work that holds a connection makes a call. The async context is not enough: unawaited work
 * inherits it, and a caller that does not await its work enters it. So the root of the functions that awaited the
 * BEGIN, or the connection, must be among those that run or await the call.
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
 * Callers of a library's transaction await it where they called it. A function that sends BEGIN itself has continued,
 * in its own context.
 */
function isInsideOf(begun: AwaitChain, call: AwaitChain, mayHaveGoneOn: boolean): boolean | undefined {
  const isAwaited = call.hasRootOf(begun)
  return isAwaited === false && mayHaveGoneOn ? call.isContinued(begun) : isAwaited
}

/**
 * A context that was entered before its caller awaited it also covers calls that run beside it. There, a library has to
 * call the application's callback. A function that sends BEGIN itself is recognized by its own context.
 */
function comesFromInside(begun: AwaitChain, call: AwaitChain, isOwnContext: boolean): boolean {
  if (call.comesFromCallbackOf(begun) === true) return true
  return isOwnContext && isInsideOf(begun, call, true) === true
}

/** Returns true if a call would have to wait at this gate now. */
export function wouldWait(gate: { readonly waitingCount: number; canTake(): boolean }): boolean {
  return gate.waitingCount > 0 || !gate.canTake()
}

const budget = new SiteBudget()

/** Limits the cost of stacks if such calls are frequent: 50 a second, all in strict mode. */
export function mayPlace(mode: string): boolean {
  return mode === 'strict' || budget.allows()
}

/** Returns the innermost connection that the caller of a {@link SecondCall} holds or seems to hold. */
export function heldAround({ isInside }: SecondCall, held: Holdable): Holdable | undefined {
  return isInside === false ? heldFrom(held.inside).next().value : held
}

/** Runs `work` in the context of a caller that holds `held`, unless that was disproved. */
export function runPlaced<Result>(call: SecondCall, held: Holdable, work: () => Result): Result {
  const around = heldAround(call, held)
  // If the connection is certain, the call is nested in it, even if other work shares the context.
  if (around === held) return call.isInside === true ? holdings.run(held, work) : work()
  return around === undefined ? holdings.exit(work) : holdings.run(around, work)
}
