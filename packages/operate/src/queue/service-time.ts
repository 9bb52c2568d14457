import type { DurationHistogram } from '@poolsafe/core/internal'
import { exponential, normal, type Random } from './random.ts'

/**
 * How long one arrival keeps a connection, in milliseconds:
 *
 * - only a mean: the exponential distribution
 * - a mean and a p99: the log-normal distribution with both, usual for durations of requests
 * - `fixed`: always the same
 * - a histogram of `guard.stats()`
 */
export type ServiceTime =
  | { readonly meanMillis: number; readonly p99Millis?: number }
  | { readonly fixedMillis: number }
  | { readonly histogram: DurationHistogram }

/** Draws one duration in milliseconds. */
export type Draw = (random: Random) => number

/** The 99th percentile of the standard normal distribution. */
const z99 = 2.326_347_874

/** Returns how to draw from a distribution. */
export function drawFrom(service: ServiceTime): Draw {
  if ('fixedMillis' in service) return () => service.fixedMillis
  if ('histogram' in service) return fromHistogram(service.histogram)
  const { meanMillis, p99Millis } = service
  return p99Millis === undefined ? (random) => exponential(random, meanMillis) : logNormal(meanMillis, p99Millis)
}

/** Returns the mean of a distribution in milliseconds. */
export function meanOf(service: ServiceTime): number {
  if ('fixedMillis' in service) return service.fixedMillis
  if (!('histogram' in service)) return service.meanMillis
  const { counts, sumMillis } = service.histogram
  return sumMillis / total(counts)
}

/**
 * `mean = exp(m + s²/2)` and `p99 = exp(m + z·s)`, solved for the smaller s. The quotient of p99 and mean is at most
 * `exp(z²/2)`. A larger p99 counts as that.
 */
function logNormal(mean: number, p99: number): Draw {
  const sigma = z99 - Math.sqrt(Math.max(z99 * z99 - 2 * Math.log(Math.max(p99 / mean, 1)), 0))
  const middle = Math.log(mean) - (sigma * sigma) / 2
  return (random) => Math.exp(middle + sigma * normal(random))
}

/**
 * Draws evenly within a bucket, then scales so that the mean is exactly that of the histogram. The last bucket ends at
 * its maximum.
 */
function fromHistogram(histogram: DurationHistogram): Draw {
  const buckets = bucketsOf(histogram)
  const all = total(histogram.counts)
  const midpoints = buckets.reduce((sum, { from, to, count }) => sum + (count * (from + to)) / 2, 0) / all
  const scale = meanOf({ histogram }) / midpoints
  return (random) => {
    let rank = random() * all
    for (const { from, to, count } of buckets) {
      if (rank < count) return scale * (from + (to - from) * (rank / count))
      rank -= count
    }
    return histogram.maxMillis
  }
}

interface Bucket {
  readonly from: number
  readonly to: number
  readonly count: number
}

function bucketsOf({ boundsMillis, counts, maxMillis }: DurationHistogram): Bucket[] {
  return counts
    .map((count, at) => {
      const from = boundsMillis[at - 1] ?? 0
      return { from, to: Math.max(from, Math.min(boundsMillis[at] ?? maxMillis, maxMillis)), count }
    })
    .filter(({ count }) => count > 0)
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
