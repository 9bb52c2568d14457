import { rules, type GuardStatistics, type PoolReport } from '@poolsafe/core'
import { lossReasons, type DurationHistogram, type PoolTotals } from '@poolsafe/core/internal'

/** One series of a metric, without the name. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | DurationHistogram
}

/** The name and unit of a metric in OpenTelemetry. Example of a unit: `{call}`. */
export interface InstrumentName {
  readonly name: string
  readonly unit: string
}

/** A metric and how to read it from a guard's statistics. */
export interface MetricDefinition {
  /** The Prometheus name without the prefix. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** True if a guard with `observe: false` has no series of this metric. */
  readonly isObserved: boolean
  /** The OpenTelemetry name. If it is missing, only Prometheus has the metric. */
  readonly openTelemetry?: InstrumentName | undefined
  read(statistics: GuardStatistics): readonly Sample[]
}

type ReadTotals<Value> = (pool: PoolTotals) => Value

/** A gauge of the present state. */
function gauge(name: string, help: string, read: (pool: PoolReport) => number): MetricDefinition {
  const samples = ({ pools }: GuardStatistics): Sample[] =>
    pools.map((pool) => ({ labels: { pool: pool.name }, value: read(pool) }))
  return { name: `pool_${name}`, type: 'gauge', help, labels: ['pool'], isObserved: false, read: samples }
}

/**
 * A total since the start. It includes pools that have ended, because Prometheus reads a decrease as a restart and
 * counts the whole value again.
 */
function ofTotals(
  name: string,
  type: MetricDefinition['type'],
  help: string,
  read: ReadTotals<Sample['value']>,
  openTelemetry?: InstrumentName,
): MetricDefinition {
  const samples = ({ pools, endedPools }: GuardStatistics): Sample[] =>
    [...pools, ...endedPools].map((pool) => ({ labels: { pool: pool.name }, value: read(pool) }))
  return { name: `pool_${name}`, type, help, labels: ['pool'], isObserved: false, openTelemetry, read: samples }
}

const counter = (
  name: string,
  help: string,
  read: ReadTotals<number>,
  openTelemetry?: InstrumentName,
): MetricDefinition => ofTotals(name, 'counter', help, read, openTelemetry)
const histogram = (name: string, help: string, read: ReadTotals<DurationHistogram>): MetricDefinition =>
  ofTotals(name, 'histogram', help, read)

const ofEveryPool: readonly MetricDefinition[] = [
  gauge('max_connections', 'The maximum number of connections of the pool.', ({ max }) => max ?? Infinity),
  gauge('open_connections', 'Connections that are open or being opened.', ({ size }) => size),
  gauge('active_connections', 'Connections that the application has acquired.', ({ active }) => active),
  gauge('idle_connections', 'Connections that are idle in the pool.', ({ idle }) => idle),
  gauge('waiting_calls', 'Calls that wait for a connection.', ({ waiting }) => waiting),
  histogram(
    'acquire_wait_seconds',
    'How long calls waited for the connection that they acquired.',
    ({ acquireWait }) => acquireWait,
  ),
  histogram('use_seconds', 'How long the application held a connection.', ({ use }) => use),
  histogram(
    'pooler_wait_seconds',
    'How long each BEGIN waited for a server connection of the pooler.',
    ({ poolerWait }) => poolerWait,
  ),
  counter('acquires_total', 'Connections acquired.', ({ acquired }) => acquired),
  counter('acquire_timeouts_total', 'Calls that waited longer than acquireTimeoutMillis.', ({ timedOut }) => timedOut),
  counter(
    'failed_fast_total',
    'Calls that failed at once while the server refused connections.',
    ({ failedFast }) => failedFast,
    { name: 'poolsafe.pool.failed_fast', unit: '{call}' },
  ),
  counter(
    'queue_full_total',
    'Calls refused because maxWaiting other calls were already waiting.',
    ({ queueFull }) => queueFull,
    {
      name: 'poolsafe.pool.queue_full',
      unit: '{call}',
    },
  ),
  counter('aborted_total', 'Calls ended by an abort signal.', ({ aborted }) => aborted, {
    name: 'poolsafe.pool.aborted',
    unit: '{call}',
  }),
  counter(
    'deadlocks_total',
    'Calls that waited while every holder of a connection waited too.',
    ({ deadlocks }) => deadlocks,
    { name: 'poolsafe.pool.deadlocks', unit: '{call}' },
  ),
  counter(
    'leaks_total',
    'Reported connections that were held, or idle in a transaction, for too long.',
    ({ leaks }) => leaks,
    { name: 'poolsafe.pool.leaks', unit: '{report}' },
  ),
  counter('connect_failures_total', 'Attempts to connect that failed.', ({ connectFailures }) => connectFailures, {
    name: 'poolsafe.pool.connect_failures',
    unit: '{attempt}',
  }),
  counter(
    'late_connections_total',
    'Connections that were opened after their caller had given up.',
    ({ lateArrivals }) => lateArrivals,
  ),
]

/** Every reason has a series from the start, as the rules have. */
const losses: MetricDefinition = {
  name: 'pool_connections_lost_total',
  type: 'counter',
  help: 'Open connections that were lost, by reason.',
  labels: ['pool', 'reason'],
  isObserved: false,
  openTelemetry: { name: 'poolsafe.pool.connections_lost', unit: '{connection}' },
  read: ({ pools, endedPools }) =>
    [...pools, ...endedPools].flatMap(({ name, connectionsLost }) =>
      lossReasons.map((reason) => ({ labels: { pool: name, reason }, value: connectionsLost[reason] })),
    ),
}

function total(
  name: string,
  help: string,
  isObserved: boolean,
  read: (statistics: GuardStatistics) => number,
  openTelemetry?: InstrumentName,
): MetricDefinition {
  const type = name.endsWith('_total') ? 'counter' : 'gauge'
  const samples = (statistics: GuardStatistics): Sample[] => [{ labels: {}, value: read(statistics) }]
  return { name, type, help, labels: [], isObserved, openTelemetry, read: samples }
}

const ofStatements: readonly MetricDefinition[] = [
  {
    name: 'query_duration_seconds',
    type: 'histogram',
    help: 'How long statements took, from the call to the end of the answer.',
    labels: ['kind', 'outcome'],
    isObserved: true,
    read: ({ byKind }) =>
      byKind.map(({ kind, failed, duration }) => ({
        labels: { kind, outcome: failed ? 'failed' : 'ok' },
        value: duration,
      })),
  },
  total(
    'queries_total',
    'Statements that were answered, including failures.',
    true,
    ({ totalQueries }) => totalQueries,
  ),
  total('query_errors_total', 'Statements that failed.', true, ({ totalErrors }) => totalErrors),
  total(
    'slow_queries_total',
    'Statements that took longer than slowQueryMillis, including very slow ones.',
    true,
    ({ slowQueries }) => slowQueries,
    { name: 'poolsafe.query.slow', unit: '{query}' },
  ),
  total(
    'very_slow_queries_total',
    'Statements that took longer than verySlowQueryMillis.',
    true,
    (all) => all.verySlowQueries,
    { name: 'poolsafe.query.very_slow', unit: '{query}' },
  ),
  total(
    'repeated_queries_total',
    'Requests that sent the same statement too often (N+1).',
    true,
    (all) => all.repeatedQueries,
    { name: 'poolsafe.query.repeated', unit: '{request}' },
  ),
  total('fingerprints', 'Statement fingerprints in memory.', true, ({ fingerprints }) => fingerprints.known),
  total(
    'fingerprints_forgotten_total',
    'Fingerprints forgotten to make room.',
    true,
    ({ fingerprints }) => fingerprints.forgotten,
  ),
]

/** Every rule has a series from the start, because Prometheus does not see the first increase of a new series. */
function byRule(
  name: string,
  help: string,
  instrument: string,
  read: (statistics: GuardStatistics) => GuardStatistics['findings'],
): MetricDefinition {
  const openTelemetry = { name: instrument, unit: '{finding}' }
  const samples = (statistics: GuardStatistics): Sample[] => {
    const counts = read(statistics)
    return rules.map(({ id }) => ({ labels: { rule: id }, value: counts[id] ?? 0 }))
  }
  return { name, type: 'counter', help, labels: ['rule'], isObserved: false, openTelemetry, read: samples }
}

const ofJudgement: readonly MetricDefinition[] = [
  byRule(
    'findings_total',
    'Findings by rule that were logged or refused.',
    'poolsafe.findings',
    ({ findings }) => findings,
  ),
  byRule(
    'allowed_findings_total',
    'Findings by rule that an exception allowed.',
    'poolsafe.allowed_findings',
    (all) => all.allowedFindings,
  ),
  byRule(
    'repaired_findings_total',
    'Findings by rule that were repaired before their statement was sent.',
    'poolsafe.repaired_findings',
    (all) => all.repairedFindings,
  ),
  byRule(
    'moved_findings_total',
    'Findings by rule that moved a checkout to a direct connection.',
    'poolsafe.moved_findings',
    (all) => all.movedFindings,
  ),
  total('analysis_cache_hits_total', 'Statement texts whose analysis was cached.', false, ({ cache }) => cache.hits, {
    name: 'poolsafe.analysis_cache.hits',
    unit: '{lookup}',
  }),
  total(
    'analysis_cache_misses_total',
    'Statement texts whose analysis was not cached.',
    false,
    ({ cache }) => cache.misses,
    { name: 'poolsafe.analysis_cache.misses', unit: '{lookup}' },
  ),
  total('analysis_parsed_total', 'Statement texts that needed the parser.', false, ({ cache }) => cache.parsed),
]

/** Every metric, in the order of the exposition. */
export const catalogue: readonly MetricDefinition[] = [...ofEveryPool, losses, ...ofStatements, ...ofJudgement]
