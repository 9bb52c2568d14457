import { performance, setTimeout, clearTimeout } from './real-time.ts'

/** The clock, replaceable so that a model test can run a day in a second. */
export interface Clock {
  /** Milliseconds since a fixed moment, with fractions. */
  now(): number
  /**
   * Calls `act` once, later. Keeps the process alive only if requested. @returns a function that cancels it
   */
  after(millis: number, act: () => void, keepsAlive?: boolean): () => void
}

/** While a connection is checked out, its socket keeps the process alive, so most timers need not. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (millis, act, keepsAlive = false) => {
    const timer = setTimeout(act, Math.max(1, Math.ceil(millis)))
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * One timer for many deadlines. It is not cancelled when a deadline is met, as nearly all are. When it fires, it asks
 * for the next deadline, so an acquire needs no own timer.
 */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: (now: number) => number
  /** When it fires; `Infinity` while it is not set. */
  #at = Infinity
  #cancel: () => void = () => {}

  /** @param ring handles what is due and returns the next deadline; `Infinity` for none */
  constructor(clock: Clock, ring: (now: number) => number) {
    this.#clock = clock
    this.#ring = ring
  }

  get isSet(): boolean {
    return this.#at !== Infinity
  }

  /** Adds a deadline. A later deadline than the current one is found when the alarm fires. */
  expect(deadline: number): void {
    if (deadline >= this.#at) return
    this.#cancel()
    this.#at = deadline
    this.#cancel = this.#clock.after(Math.max(deadline - this.#clock.now(), 0), () => {
      this.#at = Infinity
      this.expect(this.#ring(this.#clock.now()))
    })
  }
}
