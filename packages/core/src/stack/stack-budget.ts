/** Lines taken in a second for statements that are seen for the first time: some 10 µs each. */
const mostInSecond = 50

/** Bounds what it costs to remember the first line of each fingerprint, where every statement has one of its own. */
export class SiteBudget {
  #left = mostInSecond
  #refilledAt = 0

  /** @param now the time, for a caller that has looked at the clock */
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
