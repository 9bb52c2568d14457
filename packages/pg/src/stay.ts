import type { Checkout } from '@poolsafe/core/adapter'
import type { Life, LivingClient } from './living-client.ts'
import { isForeign, isInTransaction, isQuiet, mayLeaveTransaction, pendingQueries } from './pending.ts'
import { checkoutKey } from './present-checkout.ts'
import type { ClientLike, DriverFunction } from './types.ts'
import { locateRelease } from './use-after-release.ts'

function nothing(): void {}

/** How long an unread cursor has to be closed after the release of its connection. */
const cursorMillis = 2000

/**
 * One stay of a client with the application, as pg-pool counts it: from setting `client.release` to calling it.
 *
 * A connection goes back to the pool only if no problem is known. A pending statement that may leave a transaction open
 * is awaited first. A lost connection, or one with an unanswered statement, is closed.
 */
export class Stay {
  readonly #client: LivingClient
  readonly #life: Life
  readonly #release: DriverFunction
  #state: 'held' | 'settling' | 'takenBack' | 'over' = 'held'
  #released: Checkout<ClientLike> | undefined
  #stopSettling = nothing
  #entry: DriverFunction = nothing

  constructor(client: LivingClient, life: Life, release: DriverFunction) {
    this.#client = client
    this.#life = life
    this.#release = release
  }

  /**
   * Releases the client for the application.
   *
   * @param error the application's argument: any true value closes the connection
   * @param entry the function that the application called
   */
  end(error: unknown, entry: DriverFunction): unknown {
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
    if (isQuiet(this.#client) || !mayLeaveTransaction(this.#client, this.#life)) return this.#giveBack(error, entry)
    this.#settle(entry)
    return undefined
  }

  /** Frees the place in the pool of a lost connection that its holder has not released. */
  takeBack(): void {
    if (this.#state !== 'held') return
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

  #settle(entry: DriverFunction): void {
    this.#state = 'settling'
    this.#entry = entry
    this.#life.released = this.#released
    if (this.#released !== undefined) this.#released.releasedAt = performance.now()
    const { connection } = this.#client
    const look = (): void => this.#look()
    connection?.on('readyForQuery', look)
    connection?.on('end', look)
    const waitsForReader = pendingQueries(this.#client).some((query) => isForeign(this.#client, query))
    const timer = waitsForReader ? setTimeout(() => this.#settled(), cursorMillis).unref() : undefined
    this.#stopSettling = () => {
      clearTimeout(timer)
      connection?.off('readyForQuery', look)
      connection?.off('end', look)
    }
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
    const { stay } = this.#life
    const client = this.#client
    const result = this.#release.call(client, error)
    // Unless the pool has closed it or passed it to the next caller immediately.
    if (!error && this.#life.stay === stay && client._ending !== true) this.#life.released = this.#released
    return result
  }
}
