import type { GuardStatistics } from '@poolsafe/core'
import type { DurationHistogram } from '@poolsafe/core/internal'
import { simulateQueue, type Simulation } from '@poolsafe/operate'

/** The observations of the guard of one pool in one phase. */
export interface PoolFigures {
  readonly acquired: number
  readonly timedOut: number
  /** How long checkouts kept their connection … */
  readonly use: DurationHistogram
  /** … and how long callers waited for it. */
  readonly wait: DurationHistogram
}

/** The difference between two readings of `guard.stats()`. */
export function figuresOf(before: GuardStatistics, after: GuardStatistics, pool: string): PoolFigures {
  const of = ({ pools }: GuardStatistics): GuardStatistics['pools'][number] => {
    const found = pools.find(({ name }) => name === pool)
    if (found === undefined) throw new Error(`the service has no pool ${pool}`)
    return found
  }
  const [one, other] = [of(before), of(after)]
  return {
    acquired: other.acquired - one.acquired,
    timedOut: other.timedOut - one.timedOut,
    use: difference(one.use, other.use),
    wait: difference(one.acquireWait, other.acquireWait),
  }
}

/** The maximum is that of all time: a histogram does not know when it was. */
function difference(one: DurationHistogram, other: DurationHistogram): DurationHistogram {
  return {
    boundsMillis: other.boundsMillis,
    counts: other.counts.map((count, at) => count - (one.counts[at] ?? 0)),
    sumMillis: other.sumMillis - one.sumMillis,
    maxMillis: other.maxMillis,
  }
}

/** Busy connections divided by connections. */
export function utilisationOf({ use }: PoolFigures, seconds: number, connections: number): number {
  return use.sumMillis / 1000 / seconds / connections
}

/** Returns the result of `poolsafe size --simulate --stats`: `undefined` if the pool cannot carry the load. */
export function predict(figures: PoolFigures, seconds: number, connections: number): Simulation | undefined {
  if (utilisationOf(figures, seconds, connections) >= 0.97) return undefined
  const arrivalsPerSecond = figures.acquired / seconds
  return simulateQueue({ servers: connections, arrivalsPerSecond, service: { histogram: figures.use } })
}

/** Returns a quantile of a histogram; within a bucket, durations count as spread evenly. */
export function quantileOf({ boundsMillis, counts, maxMillis }: DurationHistogram, part: number): number {
  let left = part * counts.reduce((all, count) => all + count, 0)
  for (const [at, count] of counts.entries()) {
    const from = boundsMillis[at - 1] ?? 0
    if (left <= count && count > 0) return from + ((boundsMillis[at] ?? maxMillis) - from) * (left / count)
    left -= count
  }
  return maxMillis
}
