import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/internal'
import { register, type Metric, type Registry, type RegistryContentType } from 'prom-client'
import { catalogue } from './catalogue.ts'
import { checkGuard, checkMethods, warnOfMissing } from './check.ts'
import { ScrapedMetric, sourcesOfMetric } from './scraped-metric.ts'
import { Sources } from './sources.ts'

export { watchMetrics, type WatchedConnections, type WatchMetricsOptions } from './watch-metrics.ts'

/** The methods of a prom-client registry that poolsafe uses. */
export type MetricRegistry = Pick<
  Registry<RegistryContentType>,
  'registerMetric' | 'getSingleMetric' | 'removeSingleMetric'
>

/** The registry and the names of the metrics. */
export interface PrometheusOptions {
  /** The registry that gets the metrics. @default prom-client's global `register` */
  readonly registry?: MetricRegistry
  /** The prefix of each name. @default 'poolsafe_' */
  readonly prefix?: string
  /** The value of the label `guard` in every series. A second guard in the same registry needs one. @default none */
  readonly guardName?: string
}

const names: readonly (keyof PrometheusOptions)[] = ['registry', 'prefix', 'guardName']
const methods = ['registerMetric', 'getSingleMetric', 'removeSingleMetric']

/**
 * Registers the metrics of a guard, its pools and its statements in a prom-client registry. Prometheus reads them at
 * each scrape, so a statement costs nothing more.
 *
 * @returns a function that removes them
 * @throws InvalidOptionError if an argument is not valid, or if the registry already has a metric of that name
 */
export function prometheusMetrics(guard: Guard, options: PrometheusOptions = {}): () => void {
  checkGuard(guard)
  checkObject('prometheusMetrics()', options, names)
  const { registry = register, prefix = 'poolsafe_', guardName = '' } = options
  checkMethods('registry', registry, methods, 'a registry of prom-client')
  checkPrefix(prefix)
  const sources = sourcesOf(registry, prefix)
  checkName(options.guardName, sources)
  const remove = sources.add(guardName, guard)
  warnOfMissing(guard, `${prefix}query_duration_seconds, ${prefix}queries_total …`)
  return () => {
    remove()
    if (sources.isEmpty) removeAll(registry, prefix, sources)
  }
}

/** Returns the sources that the registry already reads with this prefix, or registers new ones. */
function sourcesOf(registry: MetricRegistry, prefix: string): Sources {
  const present = catalogue
    .map(({ name }) => registry.getSingleMetric(prefix + name))
    .filter((metric) => metric !== undefined)
  const own = present.length === catalogue.length ? present.map(sourcesOfMetric) : []
  if (own[0] !== undefined && own.every((sources) => sources === own[0])) return own[0]
  const [taken] = present
  if (taken !== undefined) throw takenError(prefix, (taken as unknown as { name: string }).name)
  const sources = new Sources()
  for (const definition of catalogue) {
    const metric: unknown = new ScrapedMetric(definition, prefix, sources)
    registry.registerMetric(metric as Metric)
  }
  return sources
}

function takenError(prefix: string, name: string): InvalidOptionError {
  const remedy = 'choose another prefix, or call registry.clear() or registry.removeSingleMetric() first'
  return new InvalidOptionError('prefix', prefix, `unused in the registry, which has another metric ${name}: ${remedy}`)
}

/** Removes only our own metrics: after `clear()`, the registry may have others of the same name. */
function removeAll(registry: MetricRegistry, prefix: string, sources: Sources): void {
  for (const { name } of catalogue) {
    const metric = registry.getSingleMetric(prefix + name)
    if (metric !== undefined && sourcesOfMetric(metric) === sources) registry.removeSingleMetric(prefix + name)
  }
}

/** Prometheus reserves the colon in names for recording rules. */
function checkPrefix(given: unknown): void {
  if (typeof given === 'string' && /^[A-Za-z_]\w*$/.test(given)) return
  throw new InvalidOptionError(
    'prefix',
    given,
    'a string of letters, digits and underscores that does not start with a digit',
  )
}

function checkName(given: unknown, sources: Sources): void {
  if (given !== undefined && (typeof given !== 'string' || given === '')) {
    throw new InvalidOptionError('guardName', given, 'a non-empty string')
  }
  if (!sources.has(given ?? '')) return
  throw new InvalidOptionError(
    'guardName',
    given,
    'unique in a registry: it already has the metrics of a guard with this name',
  )
}
