import { Counter, Gauge, register, type Metric, type Registry, type RegistryContentType } from 'prom-client'
import { checkMethods } from './check.ts'

/** The counts of a watch of `@poolsafe/operate`. */
export interface WatchedConnections {
  stats(): {
    readonly used: number | undefined
    readonly slots: number | undefined
    readonly isConnected: boolean
    readonly looks: number
    readonly closed: Readonly<Record<string, number>>
    readonly stuck: number
    readonly skipped: number
    readonly lost: number
  }
}

type Read = (stats: ReturnType<WatchedConnections['stats']>) => Readonly<Record<string, number>> | number | undefined

interface Definition {
  readonly name: string
  readonly help: string
  /** The label of a metric with several series. */
  readonly label?: string
  readonly read: Read
}

const gauges: readonly Definition[] = [
  { name: 'watch_used_connections', help: 'Connections that are used now.', read: ({ used }) => used },
  {
    name: 'watch_connection_slots',
    help: 'Connections that clients can have: max_connections less the reserved ones.',
    read: ({ slots }) => slots,
  },
  {
    name: 'watch_connected',
    help: '1 if the watch has a connection, otherwise 0.',
    read: ({ isConnected }) => Number(isConnected),
  },
]

const counters: readonly Definition[] = [
  { name: 'watch_looks_total', help: 'Looks that the server answered.', read: ({ looks }) => looks },
  {
    name: 'watch_closed_total',
    help: 'Idle connections that were closed, by the pattern that they match.',
    label: 'application',
    read: ({ closed }) => closed,
  },
  {
    name: 'watch_stuck_total',
    help: 'Rounds that could not bring the connections below the limit.',
    read: ({ stuck }) => stuck,
  },
  { name: 'watch_skipped_total', help: 'Rounds in which another watch acted.', read: ({ skipped }) => skipped },
  { name: 'watch_lost_total', help: 'How often the watch had no connection.', read: ({ lost }) => lost },
]

/** The options for both classes of prom-client. */
interface Description {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: []
}

/** The registry and the prefix of the names. */
export interface WatchMetricsOptions {
  /** The registry that gets the metrics. @default prom-client's global `register` */
  readonly registry?: Registry<RegistryContentType>
  /** The prefix of each name. @default 'poolsafe_' */
  readonly prefix?: string
}

/**
 * Registers the metrics of a watch in a prom-client registry.
 *
 * @returns a function that removes them
 * @throws InvalidOptionError if the argument is not a watch
 */
export function watchMetrics(watch: WatchedConnections, options: WatchMetricsOptions = {}): () => void {
  checkMethods('watch', watch, ['stats'], 'a watch created by watchConnections() of @poolsafe/operate')
  const { registry = register, prefix = 'poolsafe_' } = options
  const add = (metric: Metric): void => registry.registerMetric(metric)
  for (const definition of gauges) add(gaugeOf(definition, prefix, watch))
  for (const definition of counters) add(counterOf(definition, prefix, watch))
  return () => {
    for (const { name } of [...gauges, ...counters]) registry.removeSingleMetric(prefix + name)
  }
}

function describe({ name, help, label }: Definition, prefix: string): Description {
  return { name: prefix + name, help, labelNames: label === undefined ? [] : [label], registers: [] }
}

function gaugeOf(definition: Definition, prefix: string, watch: WatchedConnections): Gauge {
  return new Gauge({
    ...describe(definition, prefix),
    collect() {
      for (const { labels, value } of samplesOf(definition, watch)) this.set(labels, value)
    },
  })
}

function counterOf(definition: Definition, prefix: string, watch: WatchedConnections): Counter {
  return new Counter({
    ...describe(definition, prefix),
    collect() {
      this.reset()
      for (const { labels, value } of samplesOf(definition, watch)) this.inc(labels, value)
    },
  })
}

function samplesOf(
  { label, read }: Definition,
  watch: WatchedConnections,
): readonly { readonly labels: Record<string, string>; readonly value: number }[] {
  const found = read(watch.stats())
  if (found === undefined) return []
  if (typeof found === 'number' || label === undefined) return [{ labels: {}, value: Number(found) }]
  return Object.entries(found).map(([key, value]) => ({ labels: { [label]: key }, value }))
}
