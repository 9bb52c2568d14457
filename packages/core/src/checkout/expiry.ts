import { BusyWatch } from '../measure/busy-watch.ts'
import { Alarm, type Clock } from '../measure/clock.ts'
import type { Checkout } from './checkout.ts'
import type { CheckoutLimits } from './limits.ts'
import { dueOf, oldestOf } from './due.ts'
import type { Queue } from './queue.ts'

/** The parts of a gate that an expiry reads. */
export interface Expiring<Connection> {
  readonly clock: Clock
  readonly limits: Pick<CheckoutLimits, 'acquireTimeoutMillis'>
  readonly waiting: Queue<Checkout<Connection>>
  readonly taking: Queue<Checkout<Connection>>
  /** Fails these calls. */
  readonly expire: (due: readonly Checkout<Connection>[], now: number) => void
  /** Lets waiting calls in if there is room. */
  readonly pump: () => void
}

/** Fails calls that have waited too long, by the limit of the pool or by the shorter limit of their caller. */
export class Expiry<Connection> {
  readonly busy: BusyWatch
  readonly #expiring: Expiring<Connection>
  readonly #limitMillis: number
  readonly #alarm: Alarm
  /** Calls with their own limit, which is shorter than the pool's. */
  readonly #hurried = new Set<Checkout<Connection>>()

  constructor(expiring: Expiring<Connection>) {
    const { clock, waiting, taking, pump } = expiring
    this.#expiring = expiring
    this.#limitMillis = expiring.limits.acquireTimeoutMillis
    this.#alarm = new Alarm(clock, (now) => this.#ring(now))
    this.busy = new BusyWatch(clock, () => waiting.size + taking.size > 0, pump)
  }

  /**
   * Notes that this call starts to wait.
   *
   * @param forLong true if it waits for other callers or for the server, and not only for an idle connection, which
   *   arrives in the same turn
   */
  expect(checkout: Checkout<Connection>, forLong: boolean): void {
    if (forLong) this.busy.start()
    const { ownLimitMillis } = checkout
    if (ownLimitMillis !== undefined) this.#hurried.add(checkout)
    this.#alarm.expect(checkout.askedAt + (ownLimitMillis ?? this.#limitMillis))
  }

  /** Notes that this call has its connection or has given up. */
  settled(checkout: Checkout<Connection>): void {
    if (checkout.ownLimitMillis !== undefined) this.#hurried.delete(checkout)
  }

  /** @returns the next deadline */
  #ring(now: number): number {
    const { limits, waiting, taking, expire } = this.#expiring
    const { acquireTimeoutMillis } = limits
    // The callers of these leave when their limit expires, even if data has arrived.
    const hurried = Array.from(this.#hurried).filter((checkout) => deadlineOf(checkout) <= now)
    const grace = this.busy.graceUntil(now)
    const before = now - acquireTimeoutMillis
    const due = grace > now ? hurried : [...hurried, ...dueOf(taking, before), ...dueOf(waiting, before)]
    expire(due, now)
    const oldest = Math.min(oldestOf(taking), waiting.first?.askedAt ?? Infinity)
    const next = Math.max(oldest + acquireTimeoutMillis, grace)
    let first = next
    for (const checkout of this.#hurried) first = Math.min(first, deadlineOf(checkout))
    return first
  }
}

/** Returns the deadline of a call with its own limit. */
function deadlineOf<Connection>({ askedAt, ownLimitMillis = Infinity }: Checkout<Connection>): number {
  return askedAt + ownLimitMillis
}
