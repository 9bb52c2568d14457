import { setTimeout as delay } from 'node:timers/promises'
import { LeaseClock } from './lease-clock.ts'
import { LeaseLostError } from './lease-lost-error.ts'
import type { Claim, LeaseTable } from './lease-table.ts'
import { clearTimeout, setTimeout } from '../measure/real-time.ts'

/** The heartbeat of one held lease. */
export class LeaseKeeper {
  readonly claim: Claim
  readonly #leases: LeaseTable
  readonly #leaseMillis: number
  readonly #lost = new AbortController()
  /** Since the last acquisition or renewal that succeeded was sent. The server's lease began later. */
  #held: LeaseClock
  #heartbeat: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  #renewal: Promise<void> | undefined
  #lastFailure: unknown
  #isEnded = false

  private constructor(claim: Claim, leases: LeaseTable, leaseMillis: number, held: LeaseClock) {
    this.claim = claim
    this.#leases = leases
    this.#leaseMillis = leaseMillis
    this.#held = held
    this.#schedule()
  }

  static async acquire(
    leases: LeaseTable,
    key: string,
    holder: string,
    leaseMillis: number,
  ): Promise<LeaseKeeper | undefined> {
    const held = new LeaseClock()
    const claim = await leases.acquire(key, holder, leaseMillis)
    return claim && new LeaseKeeper(claim, leases, leaseMillis, held)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborts the signal where the lease has run out. */
  check(): void {
    if (this.#held.elapsedMillis >= this.#leaseMillis)
      this.#lose(`it was not renewed within ${this.#leaseMillis} ms`, this.#lastFailure)
  }

  /** Stops the heartbeat and releases the lease. Never fails: a lease that cannot be released runs out by itself. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#stop()
    const release = async (): Promise<void> => {
      await this.#renewal
      await this.#leases.release(this.claim).catch(() => {})
    }
    // A server that does not answer must not keep the caller from its result.
    const given = new AbortController()
    await Promise.race([release(), delay(this.#leaseMillis, undefined, { signal: given.signal }).catch(() => {})])
    given.abort()
  }

  #schedule(): void {
    if (this.#isEnded || this.signal.aborted) return
    this.#stop()
    const leftMillis = Math.max(this.#leaseMillis - this.#held.elapsedMillis, 0)
    this.#expiry = setTimeout(() => this.#expire(), leftMillis)
    this.#heartbeat = setTimeout(() => (this.#renewal = this.#renew()), Math.min(this.#leaseMillis / 3, leftMillis))
  }

  /** Timers may fire a little early. */
  #expire(): void {
    this.check()
    if (!this.signal.aborted) this.#expiry = setTimeout(() => this.#expire(), 1)
  }

  async #renew(): Promise<void> {
    this.check()
    if (this.signal.aborted) return
    const sent = new LeaseClock()
    try {
      const stands = await this.#leases.renew(this.claim, this.#leaseMillis)
      if (!stands) return this.#lose('another holder has acquired it')
      this.#held = sent
    } catch (error) {
      this.#lastFailure = error
    }
    this.#schedule()
  }

  #lose(why: string, cause?: unknown): void {
    if (this.#isEnded || this.signal.aborted) return
    this.#stop()
    this.#lost.abort(new LeaseLostError(this.claim, why, cause === undefined ? undefined : { cause }))
  }

  #stop(): void {
    clearTimeout(this.#heartbeat)
    clearTimeout(this.#expiry)
  }
}
