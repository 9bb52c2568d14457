/**
 * Lengthens the pause after each attempt that did not help: 2, 4, 8 … seconds, up to the interval. So the watch does not
 * ask each second while a server is full, and still sees within a minute when something may be closed.
 */
export class BackOff {
  readonly #longest: number
  readonly #unit: number
  #failures = 0
  #until = 0

  /** @param intervalMillis the time between two looks */
  constructor(intervalMillis: number) {
    this.#unit = Math.min(1000, intervalMillis)
    this.#longest = intervalMillis
  }

  /** Milliseconds until the next attempt; 0 if it may be made now. */
  waitAt(now: number): number {
    return Math.max(this.#until - now, 0)
  }

  /** @returns the pause in milliseconds */
  failedAt(now: number): number {
    this.#failures++
    const pause = Math.min(this.#unit * 2 ** Math.min(this.#failures, 30), this.#longest)
    this.#until = now + pause
    return pause
  }

  reset(): void {
    this.#failures = 0
    this.#until = 0
  }
}
