import type { Site } from '../stack/call-site.ts'
import { type CheckoutState, heldFrom, type BegunTransaction, type Holdable } from './holding.ts'
import { AsyncResource } from 'node:async_hooks'
import type { AwaitChain } from '../stack/await-chain.ts'
import type { Layer } from '../stack/origin.ts'
import type { Linked } from './queue.ts'

/** What a pool calls with the connection, or with the error in its place. */
export type Handover<Connection> = (
  error: Error | undefined,
  connection: Connection | undefined,
  release: Release,
) => void

/** What a gate calls with the connection, or with the error in its place, and with the checkout. */
export type Receiver<Connection> = (
  error: Error | undefined,
  connection: Connection | undefined,
  release: Release,
  checkout: Checkout<Connection>,
) => void

/** Gives a connection back; with an error, or `true`, it is closed. */
export type Release = (error?: Error | boolean) => void

/** What a pool throws when it is asked, as where its driver cannot make a client. */
export interface Thrown {
  readonly error: Error
}

/** One stay of a connection with the application, from the call that asks for it to its release. */
export class Checkout<Connection> implements Linked<Checkout<Connection>>, Holdable {
  previous: Checkout<Connection> | undefined = undefined
  next: Checkout<Connection> | undefined = undefined
  state: CheckoutState = 'waiting'
  /** Of all that asked: the lower, the earlier. */
  readonly order: number
  readonly askedAt: number
  /** How long it may wait. */
  limitMillis: number = Infinity
  /** Its caller waits for less than the pool's limit. */
  isHurried = false
  heldSince = 0
  connection: Connection | undefined = undefined
  /** The pool was asked for a connection that is idle. */
  isIdle = false
  /** Called once; what it holds on to is let go then. */
  handover: Receiver<Connection>
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  readonly site: Site | undefined
  inside: Holdable | undefined
  waitingInside = 0
  readonly family: number
  connectionId = 0
  releasedAt = 0
  releaseSite: Site | undefined = undefined
  /** The context of the call knows this checkout. */
  isFollowed = false
  readonly owner: object | undefined
  begun: BegunTransaction | undefined = undefined
  taken: AwaitChain | undefined = undefined
  isOfCallback = false
  isReported = false
  /** Why the pool could not connect, when it was last tried. */
  failure: Error | undefined = undefined
  /** The asynchronous context of the call, while that has to wait. */
  #context: AsyncResource | undefined = undefined
  /** The statement that asked for the connection itself (`pool.query`), as its adapter knows it; until it is sent. */
  statement: object | undefined = undefined
  /** The wait was told with a statement. */
  isWaitTold = false
  /** The layer that asked. */
  layer: Layer = 'pg'

  constructor(
    order: number,
    askedAt: number,
    handover: Receiver<Connection>,
    operation: string | undefined,
    site: Site | undefined,
    inside: Holdable | undefined,
    family: number = order,
    owner?: object,
  ) {
    this.order = order
    this.askedAt = askedAt
    this.handover = handover
    this.operation = operation
    this.site = site
    this.inside = inside
    this.family = family
    this.owner = owner
  }

  /** The call turned out to be made by the work that holds `around`, and by none that holds a connection inside that. */
  moveTo(around: Holdable | undefined): void {
    if (this.state === 'waiting') {
      for (const outer of heldFrom(this.inside)) outer.waitingInside--
      for (const outer of heldFrom(around)) outer.waitingInside++
    }
    this.inside = around
  }

  /** The connection is released: nothing of it is kept by those who still know the checkout. */
  letGo(): void {
    this.connection = undefined
    this.begun = undefined
    this.taken = undefined
  }

  wait(): void {
    this.state = 'waiting'
    // AsyncLocalStorage.snapshot() takes 10 µs and 1.4 kB (Node 24), which is much for a crowd.
    this.#context = new AsyncResource('poolsafe.checkout')
  }

  /**
   * Asks the pool in the context of the call, not of whoever made room for it: what traces the pool sees it under its
   * caller.
   *
   * @returns what the pool threw; it never calls back then
   */
  takeFrom(source: { take(done: Handover<Connection>): void }, done: Handover<Connection>): Thrown | undefined {
    const context = this.#context
    this.#context = undefined
    try {
      if (context === undefined) source.take(done)
      else context.runInAsyncScope(() => source.take(done))
      return undefined
    } catch (error) {
      // What was called with the answer throws for itself.
      if (this.state !== 'taking') throw error
      return { error: error as Error }
    }
  }

  /** It is over. @returns how long the application held the connection */
  end(now: number): number {
    this.state = 'over'
    this.releasedAt = now
    return now - this.heldSince
  }

  /**
   * How long it waited for its connection; 0 where that was told before, or is in the duration of its own statement.
   */
  takeWaitMillis(): number {
    if (this.isWaitTold) return 0
    this.isWaitTold = true
    return this.heldSince - this.askedAt
  }
}
