import type { DurationHistogram } from '@poolsafe/core/internal'
import type { MetricDefinition, Sample } from './catalogue.ts'
import { merge } from './merge.ts'
import type { Sources } from './sources.ts'

/** Returns the sources of a registered metric if a copy of this package created it, or undefined. */
export function sourcesOfMetric(metric: object): Sources | undefined {
  return (metric as { readonly poolsafeSources?: Sources }).poolsafeSources
}

/** One line of the exposition, as `get()` returns it to prom-client's registry. */
export interface Line {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** The result of `get()` of a metric for prom-client's registry. */
export interface ScrapedLines {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly Line[]
}

/**
 * A metric that is read at each scrape. The metric classes of prom-client keep counts of their own. `registerMetric`
 * accepts any object with `get()`, so poolsafe exposes its own buckets and counts them only once.
 */
export class ScrapedMetric {
  /** Writable, because the registry removes `_total` from a counter's name while it writes OpenMetrics. */
  name: string
  readonly help: string
  readonly type: string
  /** How prom-client combines the workers of a cluster. */
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

  /** For `registry.resetMetrics()`. Does nothing, because the metric keeps no counts. */
  reset(): void {}
}

function linesOf(name: string, { labels, value }: Sample): Line[] {
  return typeof value === 'number' ? [{ labels, value }] : linesOfHistogram(name, labels, value)
}

/** Returns cumulative buckets: Prometheus expects each bucket to count all values below its bound. */
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
