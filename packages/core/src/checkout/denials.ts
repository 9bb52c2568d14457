import type { BusyWatch } from '../measure/busy-watch.ts'
import type { CallSites } from './call-sites.ts'
import type { Checkout } from './checkout.ts'
import { queueFullOf, refusedOf, timeoutOf } from './diagnosis.ts'
import { withoutStack } from './due.ts'
import type { AcquireTimeoutError, ServerRefusesError } from './errors.ts'
import { tellRefused, type Watcher } from './events.ts'
import type { CheckoutLimits } from './limits.ts'
import type { PoolState } from './pool-state.ts'
import type { ServerRefusal } from './reconnect-pause.ts'
import type { Measures } from './statistics.ts'

/** The facts that the report of a denial needs. */
export interface Facts<Connection> {
  readonly measures: Measures
  readonly refusal: ServerRefusal
  readonly busy: BusyWatch
  readonly limits: Pick<CheckoutLimits, 'acquireTimeoutMillis' | 'timeoutWords'>
  readonly watcher: Watcher
  readonly sites: CallSites
  readonly held: Iterable<Checkout<Connection>>
  /** Returns the present state of the pool. */
  readonly survey: (waitedMillis?: number) => PoolState
  readonly fail: (checkout: Checkout<Connection>, error: Error) => void
}

/** Fails calls that get no connection, and reports the cause that the pool knows, not only what the one call saw. */
export class Denials<Connection> {
  readonly #facts: Facts<Connection>

  constructor(facts: Facts<Connection>) {
    this.#facts = facts
  }

  /** Fails calls that have waited too long. */
  expire(due: readonly Checkout<Connection>[], now: number): void {
    const { measures, busy, refusal, limits, sites, held } = this.#facts
    const expired = (checkout: Checkout<Connection>, pool: PoolState): AcquireTimeoutError => {
      const { askedAt } = checkout
      measures.timedOut(now)
      const wait = { waitedMillis: now - askedAt, busyMillis: busy.busyMillis(askedAt, now) }
      return timeoutOf(checkout, wait, pool, refusal.during(askedAt, now), limits)
    }
    this.#failAll(due, expired, due[0]?.ownLimitMillis ?? limits.acquireTimeoutMillis)
    sites.strike(held)
  }

  /** Fails the waiting calls while the server refuses connections. */
  failFast(waiting: readonly Checkout<Connection>[]): void {
    this.#failAll(waiting, (checkout, pool) => this.#refused(checkout, pool))
  }

  /**
   * Refuses a call immediately.
   *
   * @param maxWaiting the limit, if that many calls wait already; `undefined` if the server refuses connections
   */
  refuse(checkout: Checkout<Connection>, maxWaiting?: number): Error {
    const { measures, refusal, survey, watcher } = this.#facts
    const { askedAt } = checkout
    if (maxWaiting !== undefined) measures.queueFull(askedAt)
    const pool = survey()
    const error =
      maxWaiting === undefined
        ? this.#refused(checkout, pool)
        : queueFullOf(checkout, maxWaiting, pool, refusal.during(askedAt, askedAt))
    checkout.state = 'over'
    tellRefused(watcher, error)
    return error
  }

  #failAll(
    due: readonly Checkout<Connection>[],
    make: (checkout: Checkout<Connection>, pool: PoolState) => AcquireTimeoutError | ServerRefusesError,
    waitedMillis?: number,
  ): void {
    const { survey, fail, watcher } = this.#facts
    const errors: (AcquireTimeoutError | ServerRefusesError)[] = []
    withoutStack(() => {
      const pool = survey(waitedMillis)
      for (const checkout of due) {
        // A caller that received its error may have aborted another call.
        if (checkout.state !== 'waiting' && checkout.state !== 'taking') continue
        const error = make(checkout, pool)
        errors.push(error)
        fail(checkout, error)
      }
    })
    for (const error of errors) tellRefused(watcher, error)
  }

  #refused(checkout: Checkout<Connection>, pool: PoolState): ServerRefusesError {
    const { measures, refusal } = this.#facts
    measures.counts.failedFast++
    return refusedOf(checkout, refusal.millis, pool, refusal.error)
  }
}
