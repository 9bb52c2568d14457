/** Number of bits of a duration that its bucket keeps below the highest bit: a power of two has sixteen buckets. */
const mantissaBits = 4
const perPower = 1 << mantissaBits
const powers = 31 - mantissaBits
const bucketCount = perPower * (powers + 1)

/** A summary of durations. Plain data, in milliseconds. */
export interface DurationSummary {
  readonly count: number
  readonly sumMillis: number
  /** Exact; the quantiles are within 6.25 % of it, always above. */
  readonly maxMillis: number
  readonly p50Millis: number
  readonly p95Millis: number
  readonly p99Millis: number
}

/** Durations in 448 buckets of whole microseconds, a constant 1.8 kB: quantiles within 6.25 %, up to 35 minutes. */
export class Durations {
  readonly #counts = new Uint32Array(bucketCount)
  #count = 0
  #sum = 0
  #max = 0

  add(millis: number, times: number = 1): void {
    const bucket = bucketOf(Math.min(millis * 1000, 0x7fffffff))
    this.#counts[bucket] = (this.#counts[bucket] as number) + times
    this.#count += times
    this.#sum += millis * times
    if (millis > this.#max) this.#max = millis
  }

  get count(): number {
    return this.#count
  }

  /** Returns the quantile `part` (0 to 1); 0 without durations. */
  quantile(part: number): number {
    let left = Math.max(1, Math.ceil(part * this.#count))
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      left -= this.#counts[bucket] as number
      if (left <= 0) return Math.min(upperMicrosOf(bucket) / 1000, this.#max)
    }
    return this.#max
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      sumMillis: this.#sum,
      maxMillis: this.#max,
      p50Millis: this.quantile(0.5),
      p95Millis: this.quantile(0.95),
      p99Millis: this.quantile(0.99),
    }
  }
}

function bucketOf(micros: number): number {
  const whole = micros | 0
  if (whole < perPower) return whole
  const power = 31 - Math.clz32(whole) - mantissaBits
  return perPower * power + (whole >>> power)
}

function upperMicrosOf(bucket: number): number {
  if (bucket < 2 * perPower) return bucket + 1
  const power = Math.floor(bucket / perPower) - 1
  return ((bucket % perPower) + perPower + 1) * 2 ** power
}
