import type { DurationHistogram } from '@poolsafe/core/adapter'
import type { MetricDefinition, Sample } from './catalogue.ts'
import { merge } from './merge.ts'
import type { Sources } from './sources.ts'

/** What a metric of a registry is read from, if it is one of ours, made by whichever copy of this package. */
export function sourcesOfMetric(metric: object): Sources | undefined {
  return (metric as { readonly poolsafeSources?: Sources }).poolsafeSources
}

/** One line of the exposition, as prom-client's registry takes it from `get()`. */
export interface Line {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** What prom-client's registry asks of a metric. */
export interface ScrapedLines {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly Line[]
}

/**
 * A metric that is read when it is scraped. prom-client's own count by themselves; `registerMetric` takes whatever
 * answers `get()`, and so the buckets that poolsafe counts already need not be counted twice.
 */
export class ScrapedMetric {
  /** The registry takes `_total` off a counter's, while it writes OpenMetrics. */
  name: string
  readonly help: string
  readonly type: string
  /** How workers of a cluster are put together. */
  readonly aggregator = 'sum'
  readonly poolsafeSources: Sources
  readonly #definition: MetricDefinition

  constructor(definition: MetricDefinition, prefix: string, sources: Sources) {
    this.name = prefix + definition.name
    this.help = definition.help
    this.type = definition.type
    this.poolsafeSources = sources
    this.#definition = definition
  }

  get(): ScrapedLines {
    const { name, help, type, aggregator } = this
    return {
      name,
      help,
      type,
      aggregator,
      values: merge(this.poolsafeSources.read(this.#definition)).flatMap((sample) => linesOf(name, sample)),
    }
  }

  /** For `registry.resetMetrics()`: there is nothing here that could be reset. */
  reset(): void {}
}

function linesOf(name: string, { labels, value }: Sample): Line[] {
  return typeof value === 'number' ? [{ labels, value }] : linesOfHistogram(name, labels, value)
}

/** Prometheus counts in each bucket whatever is below its bound. */
function linesOfHistogram(
  name: string,
  labels: Sample['labels'],
  { boundsMillis, counts, sumMillis }: DurationHistogram,
): Line[] {
  let below = 0
  const buckets = counts.map((count, bucket) => {
    const bound = boundsMillis[bucket]
    const le = bound === undefined ? '+Inf' : bound / 1000
    below += count
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMillis / 1000 },
    { metricName: `${name}_count`, labels, value: below },
  ]
}
