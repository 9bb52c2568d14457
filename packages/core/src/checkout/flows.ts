import { SiteBudget } from '../stack/stack-budget.ts'
import type { Checkout } from './checkout.ts'
import { enterHolding, isHeldBySomeFlow, newestHolding, shareContext, type Holdable } from './holding.ts'

/** As many calls may not know whether their flow holds a connection, before contexts are not used twice any more. */
const mostUncertain = 3
/** Of so many calls, one more may not know it. */
const callsForEach = 100

/** Follows which flow of calls holds which connection of one pool, as exactly as its mode and its price allow. */
export class Flows {
  /** A call had to wait, or the pool is so small that a call that nests two fills it: calls may wait for themselves. */
  mayWaitForThemselves: boolean
  readonly #watcher: { readonly mode: string }
  readonly #chains = new SiteBudget()
  /** Contexts in which it was uncertain who holds a connection. */
  #uncertain = 0

  constructor(watcher: { readonly mode: string }, max: number) {
    this.#watcher = watcher
    this.mayWaitForThemselves = max <= 2
  }

  /** The newest connection of the caller's context; `undefined` where its flow may not be the one that took it. */
  newest(): Holdable | undefined {
    const newest = newestHolding()
    if (newest?.state !== 'held' || !isHeldBySomeFlow()) return newest
    this.noteUncertain(newest)
    return undefined
  }

  /** What follows in the caller's context holds this connection, once it has come. */
  enter<Connection>(checkout: Checkout<Connection>): void {
    this.follow(checkout)
    enterHolding(checkout, this.#uncertain < mostUncertain + checkout.order / callsForEach && !this.#isStrict)
  }

  /** Decides if use after the release is looked for. */
  follow<Connection>(checkout: Checkout<Connection>): void {
    checkout.isFollowed = this.mayWaitForThemselves || this.#isStrict
  }

  /**
   * A call cannot tell whether its flow holds a connection. The first few are one flow's whose context others have
   * inherited. Where there are more, each connection gets a context of its own from now on.
   */
  noteUncertain({ owner }: Holdable): void {
    if (!shareContext()) return
    this.#uncertain++
    const { flows } = (owner ?? {}) as { readonly flows?: unknown }
    if (flows instanceof Flows && flows !== this) flows.#uncertain++
  }

  /**
   * Returns true where it is worth its price (3 µs) to remember who awaits a connection: in strict mode always,
   * otherwise 50 times a second.
   */
  mayTakeChain<Connection>({ askedAt }: Checkout<Connection>): boolean {
    return this.#isStrict || this.#chains.allows(askedAt)
  }

  get #isStrict(): boolean {
    return this.#watcher.mode === 'strict'
  }
}
