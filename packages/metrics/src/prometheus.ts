import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/adapter'
import { register, type Metric, type Registry, type RegistryContentType } from 'prom-client'
import { catalogue } from './catalogue.ts'
import { checkGuard, checkMethods, warnOfMissing } from './check.ts'
import { ScrapedMetric, sourcesOfMetric } from './scraped-metric.ts'
import { Sources } from './sources.ts'

/** Of a registry of prom-client, what is used. */
export type MetricRegistry = Pick<
  Registry<RegistryContentType>,
  'registerMetric' | 'getSingleMetric' | 'removeSingleMetric'
>

/** Where the metrics go, and what they are called. */
export interface PrometheusOptions {
  /** The registry that gets the metrics. @default `register`, prom-client's own */
  readonly registry?: MetricRegistry
  /** The prefix of each name. @default 'poolsafe_' */
  readonly prefix?: string
  /** The label `guard` of every series. Needed for the second guard in one registry. @default none */
  readonly guardName?: string
}

const names: readonly (keyof PrometheusOptions)[] = ['registry', 'prefix', 'guardName']
const methods = ['registerMetric', 'getSingleMetric', 'removeSingleMetric']

/**
 * Puts the metrics of a guard, its pools and its statements into a registry of prom-client. All of them are read when
 * they are scraped: a statement costs nothing more.
 *
 * @returns what takes them out again
 * @throws InvalidOptionError for what is no guard, no registry or no prefix, and for names that the registry has
 *   already
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

/** What the registry reads already with this prefix; else it begins to. */
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
  return new InvalidOptionError(
    'prefix',
    prefix,
    `free in the registry, which has a metric ${name} of somebody else: ${remedy}`,
  )
}

/** Whoever has cleared the registry may have put other metrics there. */
function removeAll(registry: MetricRegistry, prefix: string, sources: Sources): void {
  for (const { name } of catalogue) {
    const metric = registry.getSingleMetric(prefix + name)
    if (metric !== undefined && sourcesOfMetric(metric) === sources) registry.removeSingleMetric(prefix + name)
  }
}

/** Prometheus keeps the colon, which a metric may have too, for recording rules. */
function checkPrefix(given: unknown): void {
  if (typeof given === 'string' && /^[A-Za-z_]\w*$/.test(given)) return
  throw new InvalidOptionError('prefix', given, 'a text of letters, digits and underscores that begins with no digit')
}

function checkName(given: unknown, sources: Sources): void {
  if (given !== undefined && (typeof given !== 'string' || given === '')) {
    throw new InvalidOptionError('guardName', given, 'a text that is not empty')
  }
  if (!sources.has(given ?? '')) return
  throw new InvalidOptionError(
    'guardName',
    given,
    'another one for each guard, as the registry has metrics of a guard with this one',
  )
}
