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

/** What few checkouts need: it stands apart, so that a checkout takes as little memory as it can. */
class Seldom {
  /** How long the caller itself waits, where that is less than the pool's limit. */
  ownLimitMillis: number | undefined = undefined
  /** Why the pool could not connect, when it was last tried. */
  failure: Error | undefined = undefined
  /** The asynchronous context of the call, until it has its connection. */
  context: AsyncResource | undefined = undefined
  /** How often the pool was asked again, for another connection than the one that it is opening. */
  superseded = 0
  waitingInside = 0
  connectionId = 0
  releaseSite: Site | undefined = undefined
  begun: BegunTransaction | undefined = undefined
  taken: AwaitChain | undefined = undefined
  isOfCallback = false
  isReported = false
}

/** One stay of a connection with the application, from the call that asks for it to its release. */
export class Checkout<Connection> implements Linked<Checkout<Connection>>, Holdable {
  previous: Checkout<Connection> | undefined = undefined
  next: Checkout<Connection> | undefined = undefined
  state: CheckoutState = 'waiting'
  /** Of all that asked: the lower, the earlier. */
  readonly order: number
  readonly askedAt: number
  heldSince = 0
  connection: Connection | undefined = undefined
  /** The pool was asked at once for a connection that is idle: it comes in the same turn of the event loop. */
  comesAtOnce = false
  /** Called once; what it holds on to is let go then. */
  handover: Receiver<Connection>
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  readonly site: Site | undefined
  inside: Holdable | undefined
  readonly family: number
  /** The context of the call knows this checkout. */
  isFollowed = false
  readonly owner: object | undefined
  releasedAt: number | undefined = undefined
  #seldom: Seldom | undefined = undefined
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

  /** How long the caller itself waits, where that is less than the pool's limit. */
  get ownLimitMillis(): number | undefined {
    return this.#seldom?.ownLimitMillis
  }

  set ownLimitMillis(value: number | undefined) {
    this.#rest.ownLimitMillis = value
  }

  /** Why the pool could not connect, when it was last tried. */
  get failure(): Error | undefined {
    return this.#seldom?.failure
  }

  set failure(value: Error | undefined) {
    this.#rest.failure = value
  }

  get waitingInside(): number {
    return this.#seldom?.waitingInside ?? 0
  }

  set waitingInside(value: number) {
    this.#rest.waitingInside = value
  }

  get connectionId(): number {
    return this.#seldom?.connectionId ?? 0
  }

  set connectionId(value: number) {
    this.#rest.connectionId = value
  }

  get releaseSite(): Site | undefined {
    return this.#seldom?.releaseSite
  }

  set releaseSite(value: Site | undefined) {
    this.#rest.releaseSite = value
  }

  get begun(): BegunTransaction | undefined {
    return this.#seldom?.begun
  }

  set begun(value: BegunTransaction | undefined) {
    this.#rest.begun = value
  }

  get taken(): AwaitChain | undefined {
    return this.#seldom?.taken
  }

  set taken(value: AwaitChain | undefined) {
    this.#rest.taken = value
  }

  get isOfCallback(): boolean {
    return this.#seldom?.isOfCallback ?? false
  }

  set isOfCallback(value: boolean) {
    this.#rest.isOfCallback = value
  }

  /** It was reported for its length. */
  get isReported(): boolean {
    return this.#seldom?.isReported ?? false
  }

  set isReported(value: boolean) {
    this.#rest.isReported = value
  }

  get #rest(): Seldom {
    return (this.#seldom ??= new Seldom())
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
    if (this.#seldom === undefined) return
    this.#seldom.begun = undefined
    this.#seldom.taken = undefined
  }

  wait(): void {
    this.state = 'waiting'
    this.keepContext()
  }

  /** The pool may have to be asked for it later, in the context of the call. */
  keepContext(): void {
    // AsyncLocalStorage.snapshot() takes 10 µs and 1.4 kB (Node 24), which is much for a crowd.
    this.#rest.context ??= new AsyncResource('poolsafe.checkout')
  }

  /** How often {@link supersede} was called. */
  get superseded(): number {
    return this.#seldom?.superseded ?? 0
  }

  /** The pool is asked again: what it was asked for before comes too late. */
  supersede(): void {
    this.#rest.superseded++
  }

  /**
   * Asks the pool in the context of the call, not of whoever made room for it: what traces the pool sees it under its
   * caller.
   *
   * @returns what the pool threw; it never calls back then
   */
  takeFrom(source: { take(done: Handover<Connection>): void }, done: Handover<Connection>): Thrown | undefined {
    const context = this.#seldom?.context
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

  /** It has its connection, or gets none. */
  settled(): void {
    if (this.#seldom !== undefined) this.#seldom.context = undefined
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
