import { Timings, Histogram, type DurationHistogram } from '../measure/histogram.ts'
import { type DurationSummary } from '../measure/durations.ts'
import { RecentCount } from '../measure/recent-count.ts'
import { addLosses, type LossCounts } from './loss.ts'

/** Every counter of a pool. Its statistics, totals and metrics derive from this table. */
const counted = {
  /** Acquired connections. */
  acquired: 0,
  /** Calls that waited for longer than `acquireTimeoutMillis`. */
  timedOut: 0,
  /** Calls refused because `maxWaiting` other calls waited already. */
  queueFull: 0,
  /** Calls that failed immediately while the server refused connections, because of `failFast`. */
  failedFast: 0,
  /** Calls that an abort signal ended. */
  aborted: 0,
  /** Calls that waited for a connection while every other holder waited too. */
  deadlocks: 0,
  /** Checkouts reported as held too long. */
  leaks: 0,
  /** Failed attempts to connect. */
  connectFailures: 0,
  /** Connections that arrived after their caller had given up, and went back to the pool. */
  lateArrivals: 0,
}

/** The name of one counter. */
export type CountName = keyof typeof counted

const countNames = Object.keys(counted) as CountName[]

/** Counters since the pool was guarded. Plain data; see {@link PoolStatistics} for the present state. */
export interface CheckoutCounts extends Readonly<typeof counted> {
  /** Open connections that were lost, by reason. */
  readonly connectionsLost: LossCounts
}

/** Returns only the counters of a pool's statistics. */
export function countsOf(pool: CheckoutCounts): CheckoutCounts {
  const picked = Object.fromEntries(countNames.map((name) => [name, pool[name]])) as typeof counted
  return { ...picked, connectionsLost: pool.connectionsLost }
}

/** Adds the counts of two pools. */
export function addCounts(one: CheckoutCounts, other: CheckoutCounts): CheckoutCounts {
  const sums = Object.fromEntries(countNames.map((name) => [name, one[name] + other[name]])) as typeof counted
  return { ...sums, connectionsLost: addLosses(one.connectionsLost, other.connectionsLost) }
}

/** The statistics of a pool: its present state, and counters since it was guarded. */
export interface PoolStatistics extends CheckoutCounts {
  /** The maximum number of connections that the pool opens. */
  readonly max: number
  /** Connections that are open or being opened. */
  readonly size: number
  readonly idle: number
  /** Connections that the application holds. */
  readonly active: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** Wait times of the calls that got a connection. */
  readonly acquireWait: DurationHistogram
  /** How long the application held its connections. */
  readonly use: DurationHistogram
  /** The wait times as quantiles. */
  readonly waits: DurationSummary
  readonly uses: DurationSummary
  /**
   * How long each BEGIN waited for its answer; behind a pooler, that is the wait for a server connection. Empty with
   * `observe: false`, unless the pool has a `statementTimeoutMillis` or a `poolerWaitTimeoutMillis`.
   */
  readonly poolerWait: DurationHistogram
}

/** All counters and histograms of a gate. */
export class Measures {
  readonly counts: typeof counted = { ...counted }
  readonly waits: Timings = new Timings()
  readonly uses: Timings = new Timings()
  readonly poolerWaits: Histogram = new Histogram()
  /** Recent calls that waited too long, and recent calls that were refused because too many waited. */
  readonly #timeouts = new RecentCount()
  readonly #refused = new RecentCount()

  timedOut(now: number): void {
    this.counts.timedOut++
    this.#timeouts.add(now)
  }

  queueFull(now: number): void {
    this.counts.queueFull++
    this.#refused.add(now)
  }

  statistics(
    now: Pick<PoolStatistics, 'max' | 'size' | 'idle' | 'active' | 'waiting'>,
    found: Pick<CheckoutCounts, 'leaks' | 'deadlocks' | 'connectionsLost'>,
  ): PoolStatistics {
    return {
      ...this.counts,
      acquired: this.waits.durations.count,
      ...found,
      ...now,
      acquireWait: this.waits.histogram.snapshot(),
      use: this.uses.histogram.snapshot(),
      waits: this.waits.durations.summary(),
      uses: this.uses.durations.summary(),
      poolerWait: this.poolerWaits.snapshot(),
    }
  }

  recent(millis: number, now: number): { readonly timedOut: number; readonly queueFull: number } {
    return { timedOut: this.#timeouts.within(millis, now), queueFull: this.#refused.within(millis, now) }
  }
}
