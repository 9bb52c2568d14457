import type { Clock } from './clock.ts'

/** The first pause after the server refused a connection; each further one is about twice as long. */
const firstPauseMillis = 50
/** No pause is longer, so that the pool is back within two seconds of the server. */
const longestPauseMillis = 1000

/**
 * A server that refuses connections is asked by one caller at a time, after a pause that grows: a pool that asked for all of
 * its callers at once would keep a server down that is only just coming up. A caller that gets no answer at all holds up the
 * next one for no longer than the longest pause.
 */
export class ServerRefusal {
  readonly #clock: Clock
  readonly #random: () => number
  #attempts = 0
  #nextAt = 0
  #failedAt = 0

  /** @param random between 0 and 1: spreads the attempts of many processes */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** Whether the last attempt to connect failed. */
  get isOn(): boolean {
    return this.#attempts > 0
  }

  /** When the server may be asked again. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** Somebody asks the server again. */
  asked(): void {
    this.#nextAt = this.#clock.now() + this.#spread(longestPauseMillis)
  }

  /** An attempt failed. Those that were under way at the same time count once. */
  failed(): void {
    const now = this.#clock.now()
    if (this.isOn && now - this.#failedAt < firstPauseMillis / 2) return
    this.#failedAt = now
    this.#attempts++
    this.#nextAt = now + this.#spread(Math.min(firstPauseMillis * 2 ** (this.#attempts - 1), longestPauseMillis))
  }

  /** A connection was made. */
  over(): void {
    this.#attempts = 0
    this.#nextAt = 0
  }

  #spread(pause: number): number {
    return pause * (0.5 + this.#random() / 2)
  }
}
