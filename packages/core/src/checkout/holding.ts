import { ContextPart } from '../context.ts'
import type { AwaitChain } from '../stack/await-chain.ts'

import type { Site } from '../stack/call-site.ts'

/** A transaction that was begun on a connection while it is held. */
export interface BegunTransaction {
  /** Who awaited the BEGIN; `undefined` until it is answered. */
  chain: AwaitChain | undefined
  /** Whether the transaction is open now, as far as the driver knows. */
  readonly isOpen: () => boolean
}

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
  /** The pool, or the driver, that the connection comes from. */
  readonly owner: object | undefined
  /** The transaction that was begun last on it; `undefined` where there was none. */
  begun: BegunTransaction | undefined
  /** Who awaited the connection, where that is worth knowing. */
  taken: AwaitChain | undefined
  /**
   * Its context was entered by a callback, and so by nobody else: nothing more has to be proved of those who are in it.
   */
  isOfCallback: boolean
  /** When it was released, on the clock of the gate; `undefined` before. */
  readonly releasedAt: number | undefined
  /** Where, if that was worth its price. */
  readonly releaseSite: Site | undefined
  /** The ORM's name for the call that took it. */
  readonly operation: string | undefined
}

/** Work that will take a connection: what it calls holds that connection, as soon as it is known. */
export interface HoldingWork {
  holds: Holdable | undefined
  inside: Holdable | undefined
  /** The context is that of a callback; else it is also that of the caller, which may not await the work. */
  readonly isOfCallback: boolean
  /**
   * The call that announced it asks for its connection later: what another call of this context takes meanwhile is not
   * this work's.
   */
  isClaimed?: boolean
  /**
   * Calls that wait for the same thing have this context, too, as soon as it is `certain`: which of them a call belongs
   * to cannot be told.
   */
  sharing?: 'possible' | 'certain'
  /** What a layer above the driver calls inside its transaction. */
  callback?: TransactionCallback
}

/** The callback of a transaction, which is open while that runs. */
export interface TransactionCallback {
  /** The client, or what it has in common with the others of its database. */
  readonly owner: object
  /** Who awaits it. */
  readonly chain: AwaitChain
  isOver: boolean
}

/** The context of work that has used its connection: its caller is not in it, unless that awaits the work. */
interface ProvenHolding {
  readonly proven: Holdable
}

/**
 * A flow of calls that takes one connection after the other. All of them share one context: a new one for each
 * connection would cost more than the rest of a checkout.
 */
interface Flow {
  newest: Holdable
  /** Work that the flow started, and does not await, shares the context. It may have taken the newest connection. */
  isReused: boolean
  /** Other work seems to share the context: no further connection is put into it. */
  isShared: boolean
}

/** The connection that an asynchronous context holds, of those that it took the newest. */
export type Holding = Holdable | HoldingWork | ProvenHolding | Flow

/** The newest connection that each async context holds. */
export const holdings: ContextPart<Holding> = new ContextPart<Holding>('holding')

/** The newest connection that this context holds. See {@link isHeldBySomeFlow}. */
export function liveHolding(): Holdable | undefined {
  return firstHeld(newestOf(holdings.getStore()))
}

function certainHolding(holding: Holding | undefined): Holdable | undefined {
  return isOfSomeFlow(holding) ? undefined : firstHeld(newestOf(holding))
}

/**
 * Returns whether this context is that of the work that holds this connection, and not of a caller that may not await
 * it.
 */
export function isProven(held: Holdable): boolean {
  const holding = holdings.getStore()
  return held.isOfCallback || (holding !== undefined && 'proven' in holding && holding.proven === held)
}

/**
 * The newest connection that this context has taken, released or not; `undefined` where other calls share the context.
 */
export function newestHolding(): Holdable | undefined {
  const holding = holdings.getStore()
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
export function isHeldBySomeFlow(): boolean {
  return isOfSomeFlow(holdings.getStore())
}

function isOfSomeFlow(holding: Holding | undefined): boolean {
  return holding !== undefined && 'newest' in holding && holding.isReused && holding.newest.state === 'held'
}

/**
 * A call cannot tell whether its flow holds a connection: its context is not used for another one.
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
 * The family of a flow that asks now.
 *
 * @param newest what {@link newestHolding} told of it
 * @returns `undefined` where it has had no connection yet. One that it still waits for is another flow's
 */
export function familyOf(newest: Holdable | undefined): number | undefined {
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
 * @param mayReuse the context of the flow's last connection may be used again, once that is released
 */
export function enterHolding(checkout: Holdable, mayReuse: boolean): void {
  const around = holdings.getStore()
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

/** Work uses the connection that it holds. What called the work has gone on by now, and is not entered. */
export function enterProven(held: Holdable): void {
  holdings.enterWith({ proven: held })
}

/** Announces work that will take a connection, to what follows in this context: its caller, if that awaits it. */
export function enterWork(): HoldingWork {
  const around = holdings.getStore()
  const work = nextWork(around)
  if (work !== around) holdings.enterWith(work)
  return work
}

/** The work that {@link enterWork} would announce, for those who enter its context themselves. */
export function nextWork(around: Holding | undefined = holdings.getStore()): HoldingWork {
  if (around !== undefined && isFreeWork(around)) return around
  noticeSharing(around)
  return { holds: undefined, inside: certainHolding(around), isOfCallback: false }
}

/**
 * {@link enterWork}, for a call that makes others of its context wait with it: each of them takes its connection in
 * that context, later.
 */
export function enterShared(): void {
  enterWork().sharing = 'possible'
}

function noticeSharing(around: Holding | undefined): void {
  if (around === undefined || !isWork(around) || around.sharing !== 'possible') return
  // What has come may be used by calls inside it.
  const { state } = around.holds ?? {}
  if (state === 'waiting' || state === 'taking') around.sharing = 'certain'
}

/** {@link enterWork}, for a call that asks for its connection in a later turn, and ends the claim just before. */
export function claimWork(): HoldingWork {
  const work = enterWork()
  work.isClaimed = true
  return work
}

/** For layers above the driver: runs `work`, which will take a connection and hold it until it is over. */
export function runHolding<Result>(work: (holding: HoldingWork) => Result): Result {
  const holding: HoldingWork = { holds: undefined, inside: certainHolding(holdings.getStore()), isOfCallback: true }
  return holdings.run(holding, work, holding)
}

/**
 * For layers above the driver: the open transaction in whose callback the caller seems to be, if it is one of `owner`.
 */
export function openCallback(owner: object): (HoldingWork & { readonly callback: TransactionCallback }) | undefined {
  const holding = holdings.getStore()
  if (holding === undefined || !isWork(holding) || holding.callback?.owner !== owner || holding.callback.isOver)
    return undefined
  // A layer may have rolled it back, and given the connection back, while its callback goes on.
  if (holding.holds !== undefined && holding.holds.state !== 'held') return undefined
  return { ...holding, callback: holding.callback }
}

function isWork(holding: Holding): holding is HoldingWork {
  return 'holds' in holding
}

function isFreeWork(holding: Holding): holding is HoldingWork {
  return isWork(holding) && holding.holds === undefined && holding.isClaimed !== true
}

/** A connection, or else the next one around it, that is still held. */
export function firstHeld(innermost: Holdable | undefined): Holdable | undefined {
  let found = innermost
  while (found !== undefined && found.state !== 'held') found = found.inside
  return found
}

/**
 * - `waiting`: for a connection to come free
 * - `taking`: the pool has been asked for it
 * - `held`: by the application
 * - `over`: given back, or given up
 */
export type CheckoutState = 'waiting' | 'taking' | 'held' | 'over'
