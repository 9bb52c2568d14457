import type { Clock } from '../measure/clock.ts'

/** Schedules the next attempt to connect, because no release may occur that would trigger it. */
export class RetryPlan {
  readonly #clock: Clock
  readonly #attempt: () => void
  #at = Infinity
  #cancel: (() => void) | undefined

  constructor(clock: Clock, attempt: () => void) {
    this.#clock = clock
    this.#attempt = attempt
  }

  /** Plans an attempt. A later call can move it forward, but never back. */
  plan(at: number): void {
    if (this.#cancel !== undefined && this.#at <= at) return
    this.#cancel?.()
    this.#at = at
    const attempt = (): void => {
      this.#cancel = undefined
      this.#attempt()
    }
    // Without a server, no socket keeps the process alive for the waiting callers, so the timer must.
    this.#cancel = this.#clock.after(Math.max(at - this.#clock.now(), 0), attempt, true)
  }
}
