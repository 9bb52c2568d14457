import { setTimeout, clearTimeout, setImmediate } from '@poolsafe/core/internal'

/** The longest time of Node's timers, in milliseconds. */
const longestMillis = 2_147_483_647

/** A timer for the answer to one statement. */
export class LimitTimer {
  #timer: NodeJS.Timeout | undefined

  /** A busy process finds the timer and the answer at the same time, and runs the timer first. The answer counts. */
  start(millis: number, act: () => void): void {
    const timer = setTimeout(
      () =>
        setImmediate(() => {
          if (this.#timer === timer) act()
        }),
      Math.min(millis, longestMillis),
    )
    this.#timer = timer
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
