import { performance } from '@poolsafe/core/internal'
import type { Checkout } from '@poolsafe/core/internal'
import type { Life, LivingClient } from './living-client.ts'
import { followPending, isInTransaction, isOutsideTransaction, isQuiet, mayLeaveTransaction } from './pending.ts'
import { checkoutKey } from './present-checkout.ts'
import type { ClientLike, DriverFunction } from './types.ts'
import { locateRelease } from './use-after-release.ts'

function nothing(): void {}

/**
 * The stays of one client with the application, as pg-pool counts them: from setting `client.release` to calling it.
 *
 * A connection goes back to the pool only if no problem is known. A pending statement that may leave a transaction open
 * is awaited first. A lost connection, or one with an unanswered statement, is closed.
 *
 * One object serves all stays of a client, because an object for each would cost as much as the queue of the gate.
 */
export class Stays {
  readonly #client: LivingClient
  readonly #life: Life
  /** The number of the present stay; between stays, of the previous one. */
  #number = 0
  /** The function that pg-pool set as its `client.release`. */
  #release: DriverFunction = nothing
  #state: 'held' | 'settling' | 'takenBack' | 'over' = 'over'
  #released: Checkout<ClientLike> | undefined
  #stopSettling = nothing
  #entry: DriverFunction = nothing

  constructor(client: LivingClient, life: Life) {
    this.#client = client
    this.#life = life
  }

  /**
   * Begins a stay.
   *
   * @param release what pg-pool sets as `client.release`, for this stay alone
   * @returns the function that replaces it
   */
  begin(release: DriverFunction): DriverFunction {
    const number = ++this.#number
    this.#release = release
    this.#state = 'held'
    this.#released = undefined
    const released = (error?: unknown): unknown =>
      // A stay that is over: pg-pool throws its own error.
      number === this.#number ? this.#end(error, released) : release.call(this.#client, error)
    return released
  }

  /** The number of the present stay; between stays, of the previous one. */
  get number(): number {
    return this.#number
  }

  get isHeld(): boolean {
    return this.#state === 'held'
  }

  /**
   * Releases the client for the application.
   *
   * @param error the application's argument: any true value closes the connection
   * @param entry the function that the application called
   */
  #end(error: unknown, entry: DriverFunction): unknown {
    if (this.#life.movedTo !== undefined) return this.#life.movedTo.end(error, entry)
    if (this.#state === 'takenBack') {
      this.#state = 'over'
      return undefined
    }
    const misuse = this.#life.followed === undefined ? undefined : this.#life.judge?.refuseSecond(entry)
    if (misuse !== undefined) throw misuse
    // pg-pool's own message.
    if (this.#state === 'settling')
      throw new Error('Release called on client which has already been released to the pool.')
    if (this.#state === 'over' || Boolean(error)) return this.#apply(error)
    if (this.#mustClose()) return this.#close(error)
    this.#note(entry)
    if (isQuiet(this.#client)) {
      // Nearly all releases: everything is answered, and the server reported no transaction.
      if (isOutsideTransaction(this.#client)) return this.#apply(error)
    } else if (mayLeaveTransaction(this.#client, this.#life)) return this.#settle(entry)
    return this.#giveBack(error, entry)
  }

  /**
   * Frees the place in the pool of a lost connection that its holder has not released.
   *
   * @param number the stay in which it was lost
   */
  takeBack(number: number): void {
    if (this.#state !== 'held' || number !== this.#number) return
    this.#apply(true)
    this.#state = 'takenBack'
  }

  /** Notes that a problem of the connection became known. */
  changed(): void {
    if (this.#state === 'settling') this.#look()
  }

  #mustClose(): boolean {
    return this.#life.unfitFor !== undefined || this.#life.loss !== undefined
  }

  #close(error: unknown): unknown {
    // pg-pool closes connections that it knows to be broken.
    if (this.#client._queryable === false) return this.#apply(error)
    if (this.#life.loss === undefined) this.#life.giveUpFor(this.#life.unfitFor ?? 'unanswered')
    else this.#announceEnd()
    return this.#apply(true)
  }

  /**
   * Emits what pg-pool emits for a connection that ends while it is idle. This one was closed before it became idle.
   */
  #announceEnd(): void {
    const { pool } = this.#life.home as { readonly pool: unknown } as { readonly pool: { emit: DriverFunction } }
    const error = Object.assign(new Error('Connection terminated unexpectedly', { cause: this.#life.loss }), {
      client: this.#client,
    })
    this.#client.connection?.once('end', () => void pool.emit('error', error, this.#client))
  }

  #giveBack(given: unknown, entry: DriverFunction): unknown {
    const verdict = this.#life.judge?.judge(entry)
    if (verdict === undefined) {
      // Without a guard above, as in Prisma's own pool, this is not reported, and the next caller would be inside the
      // transaction.
      const isUnjudged = this.#life.judge === undefined && isInTransaction(this.#client, this.#life)
      return isUnjudged ? this.#apply(true) : this.#apply(given)
    }
    const { error, isKnown } = verdict
    if (error === undefined) this.#apply(given)
    else this.#apply(true)
    if (error !== undefined && !isKnown) throw error
    return undefined
  }

  #settle(entry: DriverFunction): undefined {
    this.#state = 'settling'
    this.#entry = entry
    this.#life.released = this.#released
    if (this.#released !== undefined) this.#released.releasedAt = performance.now()
    const look = (): void => this.#look()
    this.#stopSettling = followPending(this.#client, { ready: look, ended: look, unread: () => this.#settled() })
  }

  #look(): void {
    if (this.#mustClose() || isQuiet(this.#client)) this.#settled()
  }

  /** Ends the wait: everything is answered, or never will be. */
  #settled(): void {
    this.#stopSettling()
    const isOpen = !this.#mustClose() && this.#life.judge?.judge(this.#entry) !== undefined
    if (this.#mustClose()) this.#close(undefined)
    else this.#apply(isOpen || !isQuiet(this.#client) || isInTransaction(this.#client, this.#life) ? true : undefined)
  }

  /**
   * Remembers the release. Clients that `pool.query` acquires are skipped, because the application never releases them.
   */
  #note(entry: DriverFunction): void {
    if (this.#life.judge === undefined || this.#life.judge.isLent()) return
    const checkout = this.#client[checkoutKey]
    this.#released = checkout
    if (checkout !== undefined) locateRelease(this.#life, checkout, entry)
  }

  #apply(error: unknown): unknown {
    this.#state = 'over'
    const number = this.#number
    const client = this.#client
    const result = this.#release.call(client, error)
    // Unless the pool has closed it or passed it to the next caller immediately.
    if (!error && this.#number === number && client._ending !== true) this.#life.released = this.#released
    return result
  }
}
