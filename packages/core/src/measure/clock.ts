/** Time, so that a model test can turn a day into a second. */
export interface Clock {
  /** Milliseconds since some fixed moment, with fractions. */
  now(): number
  /**
   * Calls `act` once, later. Keeps the process alive until then only where that is asked for. @returns what calls it
   * off
   */
  after(millis: number, act: () => void, keepsAlive?: boolean): () => void
}

/** While a connection is out its socket keeps the process alive, so that most timers need not. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (millis, act, keepsAlive = false) => {
    const timer = setTimeout(act, Math.max(1, Math.ceil(millis)))
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * One timer for many deadlines. It is not called off when a deadline is met, which nearly all are: when it fires it
 * asks for the next deadline, so that an acquire costs no timer of its own.
 */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: (now: number) => number
  /** When it rings; `Infinity` while it is not set. */
  #at = Infinity
  #cancel: () => void = () => {}

  /** @param ring acts on what is due, and gives the next deadline; `Infinity` for none */
  constructor(clock: Clock, ring: (now: number) => number) {
    this.#clock = clock
    this.#ring = ring
  }

  /** A deadline came up. Later ones than those known already are found when the alarm rings. */
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
