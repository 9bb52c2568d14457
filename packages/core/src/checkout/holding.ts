import { ContextPart } from '../context.ts'
import type { AwaitChain } from '../stack/await-chain.ts'

import type { Site } from '../stack/call-site.ts'

/** A transaction that began on a held connection. */
export interface BegunTransaction {
  /** The await chain of the BEGIN; `undefined` until the server answers it. */
  chain: AwaitChain | undefined
  /** Returns true if the transaction is open now, as far as the driver knows. */
  readonly isOpen: () => boolean
}

/** A checkout, as seen by calls that wait while it is held. */
export interface Holdable {
  readonly state: CheckoutState
  /** The connection that the call held already when it asked for this one. */
  readonly inside: Holdable | undefined
  /** The number of callers that wait for a connection while they hold this one. */
  waitingInside: number
  /** The number of the flow: the same for all connections that one flow acquires, in sequence or nested. */
  readonly family: number
  /** The number of the connection; 0 if the source does not number them. */
  readonly connectionId: number
  /** The pool or the driver that the connection comes from. */
  readonly owner: object | undefined
  /** The transaction that began last on it; `undefined` if there was none. */
  begun: BegunTransaction | undefined
  /** The await chain of the connection, if it was captured. */
  taken: AwaitChain | undefined
  /**
   * True if a callback entered its context. Then only the callback's work is in the context, and no further proof is
   * needed.
   */
  isOfCallback: boolean
  /** When it was released, on the clock of the gate; `undefined` while it is held. */
  readonly releasedAt: number | undefined
  /** The call site of the release, if it was captured. */
  readonly releaseSite: Site | undefined
  /** The ORM's name for the call that acquired it. */
  readonly operation: string | undefined
}

/** Work that will acquire a connection. Its inner calls count as holders of that connection once it is known. */
export interface HoldingWork {
  holds: Holdable | undefined
  inside: Holdable | undefined
  /** True if the context belongs to a callback. Otherwise the caller shares it, and may not await the work. */
  readonly isOfCallback: boolean
  /**
   * True if the announcing call asks for its connection later: connections that other calls of this context acquire
   * meanwhile are not this work's.
   */
  isClaimed?: boolean
  /** Set if other calls may share this context. Once it is `certain`, a call cannot be assigned to one of them. */
  sharing?: 'possible' | 'certain'
  /** The callback that a layer above the driver runs inside its transaction. */
  callback?: TransactionCallback
}

/** The callback of a transaction. The transaction is open while the callback runs. */
export interface TransactionCallback {
  /** The client, or the object that it shares with other clients of its database. */
  readonly owner: object
  /** The await chain of the callback. */
  readonly chain: AwaitChain
  isOver: boolean
}

/** The context of work that has used its connection. Its caller is in this context only if it awaits the work. */
interface ProvenHolding {
  readonly proven: Holdable
}

/**
 * A flow of calls that acquires one connection after the other. All of them share one context, because a new one for
 * each connection would cost more than the rest of a checkout.
 */
interface Flow {
  newest: Holdable
  /** True if unawaited work of the flow shares the context. That work may have acquired the newest connection. */
  isReused: boolean
  /** True if other work seems to share the context. No further connection is entered in it. */
  isShared: boolean
}

/** The connections that an async context holds: the newest that it acquired. */
export type Holding = Holdable | HoldingWork | ProvenHolding | Flow

/** The newest connection that each async context holds. */
export const holdings: ContextPart<Holding> = new ContextPart<Holding>('holding')

/**
 * Returns the newest connection that this context holds. See {@link isHeldBySomeFlow}.
 *
 * @param holding what the context holds, for callers that have read the context already: each reading costs 10 ns
 */
export function liveHolding(holding: Holding | undefined = holdings.getStore()): Holdable | undefined {
  return firstHeld(newestOf(holding))
}

function certainHolding(holding: Holding | undefined): Holdable | undefined {
  return isOfSomeFlow(holding) ? undefined : firstHeld(newestOf(holding))
}

/**
 * Returns true if this context belongs to the work that holds this connection, and not to a caller that may not await
 * it.
 */
export function isProven(held: Holdable): boolean {
  const holding = holdings.getStore()
  return held.isOfCallback || (holding !== undefined && 'proven' in holding && holding.proven === held)
}

/**
 * Returns the newest connection that this context has acquired, released or not; `undefined` if other calls share the
 * context.
 */
export function newestHolding(holding: Holding | undefined = holdings.getStore()): Holdable | undefined {
  return holding !== undefined && isWork(holding) && holding.sharing === 'certain' ? undefined : newestOf(holding)
}

function newestOf(holding: Holding | undefined): Holdable | undefined {
  if (holding === undefined) return undefined
  if ('proven' in holding) return holding.proven
  if ('newest' in holding) return holding.newest
  return isWork(holding) ? (holding.holds ?? holding.inside) : holding
}

/**
 * Returns true if the newest connection of this context is held, but perhaps not by this flow: other work that shares
 * the context may have taken it.
 */
export function isHeldBySomeFlow(holding: Holding | undefined = holdings.getStore()): boolean {
  return isOfSomeFlow(holding)
}

function isOfSomeFlow(holding: Holding | undefined): boolean {
  return holding !== undefined && 'newest' in holding && holding.isReused && holding.newest.state === 'held'
}

/**
 * Notes that a call cannot tell if its flow holds a connection: the context is not used for another one.
 *
 * @returns true the first time for each context
 */
export function shareContext(): boolean {
  const holding = holdings.getStore()
  if (holding === undefined || !('newest' in holding) || holding.isShared) return false
  holding.isShared = true
  return true
}

/**
 * Returns the family of a flow that asks now.
 *
 * @param newest the result of {@link newestHolding}
 * @returns `undefined` if the flow has had no connection yet. A connection that still waits belongs to another flow
 */
export function familyOf(newest: Holdable | undefined): number | undefined {
  return newest?.state === 'held' || newest?.state === 'over' ? newest.family : undefined
}

/** Yields a connection and those around it that are still held, innermost first. */
export function* heldFrom(innermost: Holdable | undefined): Generator<Holdable> {
  for (let held = firstHeld(innermost); held !== undefined; held = firstHeld(held.inside)) yield held
}

/**
 * Enters a connection in this context: later work there holds it once it has arrived. Calls that started side by side
 * do not hold each other's connections. A connection that has not arrived yet has no holder.
 *
 * @param mayReuse true if the context of the flow's last connection may be used again after its release
 */
export function enterHolding(
  checkout: Holdable,
  mayReuse: boolean,
  around: Holding | undefined = holdings.getStore(),
): void {
  if (mayReuse && around !== undefined && 'newest' in around && around.newest.state === 'over' && !around.isShared) {
    around.newest = checkout
    around.isReused = true
    return
  }
  if (around === undefined || !isFreeWork(around)) {
    return holdings.enterWith({ newest: checkout, isReused: false, isShared: false })
  }
  around.holds = checkout
  checkout.isOfCallback = around.isOfCallback
}

/**
 * Notes that work uses the connection that it holds. The caller of the work has continued by now and is not entered.
 */
export function enterProven(held: Holdable): void {
  holdings.enterWith({ proven: held })
}

/**
 * Announces work that will acquire a connection to later calls in this context, which include its caller if that awaits
 * it.
 */
export function enterWork(): HoldingWork {
  const around = holdings.getStore()
  const work = nextWork(around)
  if (work !== around) holdings.enterWith(work)
  return work
}

/**
 * The work that {@link enterWork} would announce, for those who enter its context themselves.
 *
 * @param around what the caller's context holds
 */
export function nextWork(around: Holding | undefined): HoldingWork {
  if (around !== undefined && isFreeWork(around)) return around
  noticeSharing(around)
  return { holds: undefined, inside: certainHolding(around), isOfCallback: false }
}

/**
 * Announces work like {@link enterWork}, for a call that makes other calls of its context wait with it. Each of them
 * acquires its connection later, in that context.
 */
export function enterShared(): void {
  enterWork().sharing = 'possible'
}

function noticeSharing(around: Holding | undefined): void {
  if (around === undefined || !isWork(around) || around.sharing !== 'possible') return
  // Inner calls may use a connection that has arrived.
  const { state } = around.holds ?? {}
  if (state === 'waiting' || state === 'taking') around.sharing = 'certain'
}

/**
 * Announces work like {@link enterWork}, for a call that asks for its connection in a later turn. The call ends the
 * claim just before it asks.
 */
export function claimWork(): HoldingWork {
  const work = enterWork()
  work.isClaimed = true
  return work
}

/** For layers above the driver: runs `work`, which will acquire a connection and hold it until the work ends. */
export function runHolding<Result>(work: (holding: HoldingWork) => Result): Result {
  const holding: HoldingWork = { holds: undefined, inside: certainHolding(holdings.getStore()), isOfCallback: true }
  return holdings.run(holding, work, holding)
}

/**
 * For layers above the driver: returns the open transaction in whose callback the caller seems to be, if its owner is
 * `owner`.
 */
export function openCallback(owner: object): (HoldingWork & { readonly callback: TransactionCallback }) | undefined {
  const holding = holdings.getStore()
  if (holding === undefined || !isWork(holding) || holding.callback?.owner !== owner || holding.callback.isOver)
    return undefined
  // A layer may have rolled it back and released the connection while its callback continues.
  if (holding.holds !== undefined && holding.holds.state !== 'held') return undefined
  return { ...holding, callback: holding.callback }
}

function isWork(holding: Holding): holding is HoldingWork {
  return 'holds' in holding
}

function isFreeWork(holding: Holding): holding is HoldingWork {
  return isWork(holding) && holding.holds === undefined && holding.isClaimed !== true
}

/** Returns the connection, or the next one around it, that is still held. */
export function firstHeld(innermost: Holdable | undefined): Holdable | undefined {
  let found = innermost
  while (found !== undefined && found.state !== 'held') found = found.inside
  return found
}

/**
 * - `waiting`: it waits in the queue of the gate
 * - `taking`: the gate has asked the pool for it
 * - `held`: the application has it
 * - `over`: it was released, or the call gave up
 */
export type CheckoutState = 'waiting' | 'taking' | 'held' | 'over'
