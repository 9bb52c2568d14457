import type { Site } from '../stack/call-site.ts'
import { type CheckoutState, heldFrom, type BegunTransaction, type Holdable } from './holding.ts'
import { AsyncResource } from 'node:async_hooks'
import type { AwaitChain } from '../stack/await-chain.ts'
import type { Layer } from '../stack/origin.ts'
import type { Linked } from './queue.ts'

/** The callback of a pool: receives the connection or the error. */
export type Handover<Connection> = (
  error: Error | undefined,
  connection: Connection | undefined,
  release: Release,
) => void

/** A call that asks a gate for a connection. An object, because a closure for each call would take twice the memory. */
export interface Receiver<Connection> {
  /** Called once, with the connection or the error, and the checkout. */
  receive(
    error: Error | undefined,
    connection: Connection | undefined,
    release: Release,
    checkout: Checkout<Connection>,
  ): void
}

/** Releases a connection; with an error or `true`, the pool closes it. */
export type Release = (error?: Error | boolean) => void

/** Wraps an error that a pool throws when it is asked, for example if its driver cannot create a client. */
export interface Thrown {
  readonly error: Error
}

/** Fields that few checkouts need. They are kept apart so that a checkout takes as little memory as possible. */
class Seldom {
  /** How long the caller itself waits, if that is less than the pool's limit. */
  ownLimitMillis: number | undefined = undefined
  /** Why the pool's last attempt to connect failed. */
  failure: Error | undefined = undefined
  site: Site | undefined = undefined
  inside: Holdable | undefined = undefined
  /** The async context of the call, until it has its connection. */
  context: AsyncResource | undefined = undefined
  /** How often the pool was asked again for a different connection than the one that it is opening. */
  superseded = 0
  waitingInside = 0
  connectionId = 0
  releaseSite: Site | undefined = undefined
  begun: BegunTransaction | undefined = undefined
  taken: AwaitChain | undefined = undefined
  isOfCallback = false
  isReported = false
}

/** One use of a connection by the application, from the call that asks for it to its release. */
export class Checkout<Connection> implements Linked<Checkout<Connection>>, Holdable {
  previous: Checkout<Connection> | undefined = undefined
  next: Checkout<Connection> | undefined = undefined
  state: CheckoutState = 'waiting'
  /** Position among all calls: a lower number asked earlier. */
  readonly order: number
  /** When the call asked; once the wait was reported with a statement, when it got its connection. */
  askedAt: number
  /** When the call got its connection, or will get one that is idle; negative until then. */
  heldSince = -1
  connection: Connection | undefined = undefined
  /** The call that asked. The gate drops it when the call has its answer. */
  receiver: Receiver<Connection>
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string | undefined
  readonly family: number
  /** True if the async context of the call points to this checkout. */
  isFollowed = false
  readonly owner: object | undefined
  releasedAt: number | undefined = undefined
  #seldom: Seldom | undefined = undefined
  /**
   * The statement that asked for the connection itself (`pool.query`), as its adapter represents it, until it is sent.
   */
  statement: object | undefined = undefined
  /** The layer that asked for the connection. */
  layer: Layer = 'pg'

  constructor(
    order: number,
    askedAt: number,
    receiver: Receiver<Connection>,
    operation: string | undefined,
    inside: Holdable | undefined,
    family: number = order,
    owner?: object,
  ) {
    this.order = order
    this.askedAt = askedAt
    this.receiver = receiver
    this.operation = operation
    this.family = family
    this.owner = owner
    if (inside !== undefined) this.#rest.inside = inside
  }

  /**
   * True if the pool was asked immediately for an idle connection, which arrives in the same turn of the event loop.
   */
  get comesAtOnce(): boolean {
    return this.heldSince === this.askedAt
  }

  get inside(): Holdable | undefined {
    return this.#seldom?.inside
  }

  /** The call site that asked, if it was captured. */
  get site(): Site | undefined {
    return this.#seldom?.site
  }

  set site(value: Site | undefined) {
    this.#rest.site = value
  }

  /** How long the caller itself waits, if that is less than the pool's limit. */
  get ownLimitMillis(): number | undefined {
    return this.#seldom?.ownLimitMillis
  }

  set ownLimitMillis(value: number | undefined) {
    this.#rest.ownLimitMillis = value
  }

  /** Why the pool's last attempt to connect failed. */
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

  /** True if it was reported as held too long. */
  get isReported(): boolean {
    return this.#seldom?.isReported ?? false
  }

  set isReported(value: boolean) {
    this.#rest.isReported = value
  }

  get #rest(): Seldom {
    return (this.#seldom ??= new Seldom())
  }

  /** Moves the call inside `around`, the innermost connection that its caller turned out to hold. */
  moveTo(around: Holdable | undefined): void {
    if (this.state === 'waiting') {
      for (const outer of heldFrom(this.inside)) outer.waitingInside--
      for (const outer of heldFrom(around)) outer.waitingInside++
    }
    this.#rest.inside = around
  }

  /** Drops the references of a released connection, because others still keep the checkout. */
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

  /** Keeps the async context of the call, because the pool may have to be asked later. */
  keepContext(): void {
    // AsyncLocalStorage.snapshot() takes 10 µs and 1.4 kB (Node 24), which adds up with thousands of waiting callers.
    this.#rest.context ??= new AsyncResource('poolsafe.checkout')
  }

  /** How often {@link supersede} was called. */
  get superseded(): number {
    return this.#seldom?.superseded ?? 0
  }

  /** Marks the earlier request as outdated, because the pool is asked again. */
  supersede(): void {
    this.#rest.superseded++
  }

  /**
   * Asks the pool in the async context of the call, not of the release that made room for it. Tracing tools then see
   * the pool under its caller.
   *
   * @returns what the pool threw; the pool does not call back then
   */
  takeFrom(source: { take(done: Handover<Connection>): void }, done: Handover<Connection>): Thrown | undefined {
    const context = this.#seldom?.context
    try {
      if (context === undefined) source.take(done)
      else context.runInAsyncScope(() => source.take(done))
      return undefined
    } catch (error) {
      // The callback itself threw, not the pool.
      if (this.state !== 'taking') throw error
      return { error: error as Error }
    }
  }

  /** Notes that the call has its connection or will get none. */
  settled(): void {
    if (this.#seldom !== undefined) this.#seldom.context = undefined
  }

  /**
   * Ends the checkout.
   *
   * @returns how long the application held the connection
   */
  end(now: number): number {
    this.state = 'over'
    this.releasedAt = now
    return now - this.heldSince
  }

  /**
   * Returns how long the call waited for its connection; 0 if that was reported before or is part of the duration of
   * its own statement.
   */
  takeWaitMillis(): number {
    const waitMillis = this.heldSince - this.askedAt
    this.askedAt = this.heldSince
    return waitMillis
  }
}
