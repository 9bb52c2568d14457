import {
  metrics,
  type Attributes,
  type BatchObservableCallback,
  type Histogram,
  type Meter,
  type Observable,
} from '@opentelemetry/api'
import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { checkObject } from '@poolsafe/core/internal'
import { checkGuard, checkMethods, warnOfMissing } from './check.ts'
import { instruments, poolNameAttribute, type InstrumentDefinition } from './instruments.ts'
import { merge } from './merge.ts'
import { QueryAttributes } from './query-attributes.ts'

/** The meter and the guard name of the metrics. */
export interface OpenTelemetryOptions {
  /**
   * The meter that gets the metrics. The default works only if an SDK was registered before.
   * @default `metrics.getMeter('@poolsafe/metrics')` of `@opentelemetry/api`
   */
  readonly meter?: Meter
  /** The attribute `poolsafe.guard` of every metric. A second guard on the same meter needs one. @default none */
  readonly guardName?: string
}

const names: readonly (keyof OpenTelemetryOptions)[] = ['meter', 'guardName']
const methods = [
  'createHistogram',
  'createObservableCounter',
  'createObservableUpDownCounter',
  'addBatchObservableCallback',
]

/** The bucket bounds of the semantic conventions, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** The guard names in use on each meter. Two guards with one name would overwrite each other's values. */
const taken = new WeakMap<Meter, Set<string>>()

/**
 * Reports the metrics of a guard, its pools and its statements to OpenTelemetry. Names and units follow the semantic
 * conventions for database clients. Creates no spans: the instrumentations of the driver and the ORM do that.
 *
 * @returns a function that stops it
 * @throws InvalidOptionError if an argument is not valid, or if the meter already has a guard of that name
 */
export function openTelemetryMetrics(guard: Guard, options: OpenTelemetryOptions = {}): () => void {
  checkGuard(guard)
  checkObject('openTelemetryMetrics()', options, names)
  const { meter = metrics.getMeter('@poolsafe/metrics'), guardName } = options
  checkMethods('meter', meter, methods, 'a meter of @opentelemetry/api')
  const release = take(meter, guardName)
  const common = guardName === undefined ? {} : { 'poolsafe.guard': guardName }
  const ends = [...recordDurations(guard, meter, common), observe(guard, meter, common), release]
  warnOfMissing(guard, 'db.client.operation.duration, poolsafe.query.slow …')
  return () => {
    for (const end of ends.splice(0)) end()
  }
}

function take(meter: Meter, guardName: unknown): () => void {
  if (guardName !== undefined && (typeof guardName !== 'string' || guardName === '')) {
    throw new InvalidOptionError('guardName', guardName, 'a non-empty string')
  }
  const ofMeter = taken.get(meter) ?? new Set()
  const name = guardName ?? ''
  if (ofMeter.has(name))
    throw new InvalidOptionError(
      'guardName',
      guardName,
      'unique on a meter: it already has the metrics of a guard with this name',
    )
  taken.set(meter, ofMeter.add(name))
  return () => void ofMeter.delete(name)
}

/** Records each duration when it happens, because an SDK cannot import finished buckets. */
function recordDurations(guard: Guard, meter: Meter, common: Attributes): (() => void)[] {
  const histogram = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: boundaries } })
  const waitTime = histogram(
    'db.client.connection.wait_time',
    'The time it took to obtain an open connection from the pool.',
  )
  const useTime = histogram(
    'db.client.connection.use_time',
    'The time between borrowing a connection and returning it to the pool.',
  )
  const poolerWait = histogram(
    'poolsafe.pooler.wait_time',
    'How long each BEGIN waited for a server connection of the pooler.',
  )
  const ofPool = poolAttributes(common)
  const ends = [
    guard.on('acquire', ({ waitedMillis, pool }) => waitTime.record(waitedMillis / 1000, ofPool(pool))),
    guard.on('release', ({ heldMillis, pool }) => useTime.record(heldMillis / 1000, ofPool(pool))),
    guard.on('poolerWait', ({ poolerWaitMillis, pool }) => poolerWait.record(poolerWaitMillis / 1000, ofPool(pool))),
  ]
  if (engineOf(guard).observer === undefined) return ends
  const duration = histogram('db.client.operation.duration', 'Duration of database client operations.')
  const attributes = new QueryAttributes(guard, common)
  return [...ends, guard.on('query', (event) => duration.record(event.durationMillis / 1000, attributes.of(event)))]
}

/** Maximum number of pools whose attributes are kept. Further pools get a new object each time. */
const mostPools = 1000

/** Returns a function that gives the same attributes object for the same pool. */
function poolAttributes(common: Attributes): (pool: string | undefined) => Attributes {
  const known = new Map<string | undefined, Attributes>()
  return (pool) => {
    const attributes = known.get(pool) ?? { ...common, [poolNameAttribute]: pool ?? 'unknown' }
    if (known.size < mostPools) known.set(pool, attributes)
    return attributes
  }
}

/** Reads all observable instruments from one snapshot whenever the SDK collects. */
function observe(guard: Guard, meter: Meter, common: Attributes): () => void {
  const present = instruments.filter(({ isObserved }) => !isObserved || engineOf(guard).observer !== undefined)
  const pairs = present.map((definition) => ({ definition, instrument: instrumentOf(meter, definition) }))
  const all = pairs.map(({ instrument }) => instrument)
  const callback: BatchObservableCallback = (result) => {
    const statistics = guard.stats()
    for (const { definition, instrument } of pairs) {
      for (const { labels, value } of merge(definition.read(statistics)))
        result.observe(instrument, Number(value), { ...common, ...labels })
    }
  }
  meter.addBatchObservableCallback(callback, all)
  return () => meter.removeBatchObservableCallback(callback, all)
}

function instrumentOf(meter: Meter, { name, type, unit, description }: InstrumentDefinition): Observable {
  const options = { unit, description }
  return type === 'counter'
    ? meter.createObservableCounter(name, options)
    : meter.createObservableUpDownCounter(name, options)
}
