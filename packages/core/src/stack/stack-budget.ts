import { performance } from '../measure/real-time.ts'

/** Call sites captured per second for new statements, about 10 µs each. */
const mostInSecond = 50

/** Bounds the cost of capturing the first call site of each fingerprint, even if every statement has a new one. */
export class SiteBudget {
  #left = mostInSecond
  #refilledAt = 0

  /** @param now the time, for a caller that has read the clock already */
  allows(now?: number): boolean {
    if (this.#left > 0) {
      this.#left--
      return true
    }
    now ??= performance.now()
    if (now - this.#refilledAt < 1000) return false
    this.#refilledAt = now
    this.#left = mostInSecond - 1
    return true
  }
}
