/** Number of durations that are counted together. */
const size = 64

/**
 * Durations that are noted now and counted later, 64 together: the buckets of histograms are spread over more memory
 * than everything else that a checkout needs, and between two queries they leave the processor's cache.
 */
export abstract class Batch {
  #noted: Float64Array | undefined
  #length = 0
  #zeros = 0

  /** Counts a duration that occurred `times` times. */
  protected abstract count(millis: number, times: number): void

  add(millis: number): void {
    if (millis === 0) {
      this.#zeros++
      return
    }
    this.#noted ??= new Float64Array(size)
    this.#noted[this.#length++] = millis
    if (this.#length === size) this.flush()
  }

  /** Counts what is noted. Call it before the counts are read. */
  flush(): void {
    for (let index = 0; index < this.#length; index++) this.count(this.#noted?.[index] as number, 1)
    if (this.#zeros > 0) this.count(0, this.#zeros)
    this.#length = 0
    this.#zeros = 0
  }
}
