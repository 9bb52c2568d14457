import type { Estimate } from './benchmark.ts'

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new Error('There is no median of nothing.')
  return (low + high) / 2
}

/** The mean of the middle half. Blocks that another process disturbed do not count. */
export function interquartileMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const cut = Math.floor(sorted.length / 4)
  return mean(sorted.slice(cut, sorted.length - cut))
}

/** The mean with its 99 % interval by Student's t. One value has no interval: it is infinite. */
export function estimateMean(values: readonly number[]): Estimate {
  const value = mean(values)
  const count = values.length
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (count - 1)
  const reach = count < 2 ? Infinity : studentQuantile(count - 1) * Math.sqrt(variance / count)
  return { value, low: value - reach, high: value + reach, count }
}

/**
 * The median with its 99 % interval. It assumes no distribution: it takes the two sorted values that enclose the median
 * with that probability. With fewer than eight values it is the whole range, and its probability lower.
 */
export function estimateMedian(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b)
  const count = sorted.length
  let rank = 0
  // The chance that at most `rank` of the values are below the median.
  let tail = 0.5 ** count
  let term = tail
  while (rank + 1 < count / 2) {
    term *= (count - rank) / (rank + 1)
    if (tail + term > 0.005) break
    tail += term
    rank++
  }
  return { value: median(values), low: sorted[rank]!, high: sorted[count - 1 - rank]!, count }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The 99.5 % quantile of Student's t, by its expansion around the normal quantile: exact to 2 % from 4 degrees on. */
function studentQuantile(degrees: number): number {
  const known = [63.66, 9.92, 5.84]
  const z = 2.5758
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7]
  return (
    known[degrees - 1] ??
    z +
      (z3 + z) / (4 * degrees) +
      (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
      (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees ** 3)
  )
}
