import {
  metrics,
  type Attributes,
  type BatchObservableCallback,
  type Histogram,
  type Meter,
  type Observable,
} from '@opentelemetry/api'
import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { checkObject, engineOf } from '@poolsafe/core/adapter'
import { checkGuard, checkMethods, warnOfMissing } from './check.ts'
import { instruments, poolNameAttribute, type InstrumentDefinition } from './instruments.ts'
import { merge } from './merge.ts'
import { QueryAttributes } from './query-attributes.ts'

/** Where the metrics go. */
export interface OpenTelemetryOptions {
  /**
   * The meter that gets the metrics. The default has no effect unless an SDK was registered before.
   * @default `metrics.getMeter('@poolsafe/metrics')` of `@opentelemetry/api`
   */
  readonly meter?: Meter
  /** The attribute `poolsafe.guard` of every metric. Needed for the second guard on one meter. @default none */
  readonly guardName?: string
}

const names: readonly (keyof OpenTelemetryOptions)[] = ['meter', 'guardName']
const methods = [
  'createHistogram',
  'createObservableCounter',
  'createObservableUpDownCounter',
  'addBatchObservableCallback',
]

/** Of the conventions, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** The names of the guards on each meter: two of one name would take turns in saying what is. */
const taken = new WeakMap<Meter, Set<string>>()

/**
 * Gives the metrics of a guard, its pools and its statements to OpenTelemetry, by the names and units of the semantic
 * conventions for database clients. Makes no spans: those are the instrumentations' of the driver and the ORM.
 *
 * @returns what ends it
 * @throws InvalidOptionError for what is no guard, no meter or no name, and for a name that the meter has already
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
    throw new InvalidOptionError('guardName', guardName, 'a text that is not empty')
  }
  const ofMeter = taken.get(meter) ?? new Set()
  const name = guardName ?? ''
  if (ofMeter.has(name))
    throw new InvalidOptionError(
      'guardName',
      guardName,
      'another one for each guard, as the meter has this one already',
    )
  taken.set(meter, ofMeter.add(name))
  return () => void ofMeter.delete(name)
}

/** What happens once is recorded when it happens: an SDK has no way to take over buckets. */
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

/** Pools that are remembered; more of them than this only cost an object each time. */
const mostPools = 1000

/** The same object for the same pool. */
function poolAttributes(common: Attributes): (pool: string | undefined) => Attributes {
  const known = new Map<string | undefined, Attributes>()
  return (pool) => {
    const attributes = known.get(pool) ?? { ...common, [poolNameAttribute]: pool ?? 'unknown' }
    if (known.size < mostPools) known.set(pool, attributes)
    return attributes
  }
}

/** What can be asked for at any time is read when the SDK collects, all of it in one go. */
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
