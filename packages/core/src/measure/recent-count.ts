const slotMillis = 1000
const slots = 61

/** The longest time that {@link RecentCount} looks back, in milliseconds. */
export const longestRecentMillis: number = (slots - 1) * slotMillis

/** Counts recent occurrences with a resolution of one second. It uses no memory until the first occurrence. */
export class RecentCount {
  #counts: Uint32Array | undefined
  /** The second that each slot counts. */
  #seconds: Float64Array | undefined

  /** @param now from a monotonic clock */
  add(now: number): void {
    this.#counts ??= new Uint32Array(slots)
    this.#seconds ??= new Float64Array(slots).fill(-Infinity)
    const second = Math.floor(now / slotMillis)
    const slot = second % slots
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second
      this.#counts[slot] = 0
    }
    this.#counts[slot] = (this.#counts[slot] as number) + 1
  }

  /**
   * @param millis how far to look back, up to {@link longestRecentMillis}; occurrences up to a second older count too
   */
  within(millis: number, now: number): number {
    const first = Math.floor((now - millis) / slotMillis)
    let count = 0
    this.#seconds?.forEach((second, slot) => {
      if (second >= first) count += this.#counts?.[slot] ?? 0
    })
    return count
  }
}
