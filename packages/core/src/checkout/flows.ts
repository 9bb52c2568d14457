import { SiteBudget } from '../stack/stack-budget.ts'
import type { Checkout } from './checkout.ts'
import { enterHolding, isHeldBySomeFlow, newestHolding, shareContext, type Holdable, type Holding } from './holding.ts'

/** After this many uncertain calls, contexts are no longer used twice. */
const mostUncertain = 3
/** One more uncertain call is allowed for each this many calls. */
const callsForEach = 100

/** Tracks which flow of calls holds which connection of one pool, as precisely as the mode and the cost allow. */
export class Flows {
  /**
   * True if a call had to wait, or if the pool is so small that a call that nests two connections fills it. Calls may
   * then wait for themselves.
   */
  mayWaitForThemselves: boolean
  readonly #watcher: { readonly mode: string }
  readonly #chains = new SiteBudget()
  /** The number of contexts whose holder was uncertain. */
  #uncertain = 0

  constructor(watcher: { readonly mode: string }, max: number) {
    this.#watcher = watcher
    this.mayWaitForThemselves = max <= 2
  }

  /** Returns the newest of the connections that the caller's context holds; `undefined` if another flow may have acquired it. */
  newest(holding: Holding | undefined): Holdable | undefined {
    const newest = newestHolding(holding)
    if (newest?.state !== 'held' || !isHeldBySomeFlow(holding)) return newest
    this.noteUncertain(newest)
    return undefined
  }

  /** Enters this connection in the caller's context: later work there holds it once it has arrived. */
  enter<Connection>(checkout: Checkout<Connection>, holding?: Holding): void {
    this.follow(checkout)
    const mayReuse = this.#uncertain < mostUncertain + checkout.order / callsForEach && !this.#isStrict
    enterHolding(checkout, mayReuse, holding)
  }

  /** Decides if this checkout is watched for use after release. */
  follow<Connection>(checkout: Checkout<Connection>): void {
    checkout.isFollowed = this.mayWaitForThemselves || this.#isStrict
  }

  /**
   * Notes a call that may or may not hold a connection. The first few come from one flow whose context others
   * inherited. If there are more, each connection gets its own context from now on.
   */
  noteUncertain({ owner }: Holdable): void {
    if (!shareContext()) return
    this.#uncertain++
    const { flows } = (owner ?? {}) as { readonly flows?: unknown }
    if (flows instanceof Flows && flows !== this) flows.#uncertain++
  }

  /**
   * Returns true if the await chain of a connection is worth its cost (3 µs): always in strict mode, otherwise 50 times
   * a second.
   */
  mayTakeChain<Connection>({ askedAt }: Checkout<Connection>): boolean {
    return this.#isStrict || this.#chains.allows(askedAt)
  }

  get #isStrict(): boolean {
    return this.#watcher.mode === 'strict'
  }
}
