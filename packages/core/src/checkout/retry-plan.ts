import type { Clock } from '../measure/clock.ts'

/** The next attempt to connect, where nobody may come back to bring it about. */
export class RetryPlan {
  readonly #clock: Clock
  readonly #attempt: () => void
  #at = Infinity
  #cancel: (() => void) | undefined

  constructor(clock: Clock, attempt: () => void) {
    this.#clock = clock
    this.#attempt = attempt
  }

  /** An answer may bring the next attempt forward; nothing puts it off. */
  plan(at: number): void {
    if (this.#cancel !== undefined && this.#at <= at) return
    this.#cancel?.()
    this.#at = at
    const attempt = (): void => {
      this.#cancel = undefined
      this.#attempt()
    }
    // Without a server there is no socket that keeps the process alive for whoever waits.
    this.#cancel = this.#clock.after(Math.max(at - this.#clock.now(), 0), attempt, true)
  }
}
