import { Batch } from './batch.ts'
import { Durations } from './durations.ts'

/** Upper bounds of a pool's histograms, in milliseconds; one more bucket holds longer durations. */
const poolBounds: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000]

/** A histogram of durations. Plain data. */
export interface DurationHistogram {
  /** Inclusive upper bounds of all buckets except the last, which has none. */
  readonly boundsMillis: readonly number[]
  /** Counts of all buckets; one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sumMillis: number
  readonly maxMillis: number
}

/** Returns the sum of two histograms with the same bounds. */
export function addHistograms(one: DurationHistogram, other: DurationHistogram): DurationHistogram {
  return {
    boundsMillis: one.boundsMillis,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
    sumMillis: one.sumMillis + other.sumMillis,
    maxMillis: Math.max(one.maxMillis, other.maxMillis),
  }
}

/** Counts durations. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #max = 0

  /** @param bounds ascending, in milliseconds */
  constructor(bounds: readonly number[] = poolBounds) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(millis: number, times: number = 1): void {
    let bucket = 0
    while (bucket < this.#bounds.length && millis > (this.#bounds[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + times
    this.#sum += millis * times
    if (millis > this.#max) this.#max = millis
  }

  snapshot(): DurationHistogram {
    return { boundsMillis: this.#bounds, counts: [...this.#counts], sumMillis: this.#sum, maxMillis: this.#max }
  }
}

/** Durations of one kind: buckets for metrics, and quantiles. */
export class Timings extends Batch {
  readonly #histogram = new Histogram()
  readonly #durations = new Durations()

  get histogram(): Histogram {
    this.flush()
    return this.#histogram
  }

  get durations(): Durations {
    this.flush()
    return this.#durations
  }

  protected override count(millis: number, times: number): void {
    this.#histogram.add(millis, times)
    this.#durations.add(millis, times)
  }
}
