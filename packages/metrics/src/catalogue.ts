import { rules, type GuardStatistics, type PoolReport } from '@poolsafe/core'
import { lossReasons, type DurationHistogram, type PoolTotals } from '@poolsafe/core/adapter'

/** One series of a metric, before its name. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | DurationHistogram
}

/** What OpenTelemetry calls a metric, and its unit: `{call}`. */
export interface InstrumentName {
  readonly name: string
  readonly unit: string
}

/** One metric, and how it is read from a guard's statistics. */
export interface MetricDefinition {
  /** Its name for Prometheus, without the prefix. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Whether it is without series for a guard with `observe: false`. */
  readonly isObserved: boolean
  /** Its name for OpenTelemetry. Without it, only Prometheus has the metric. */
  readonly openTelemetry?: InstrumentName | undefined
  read(statistics: GuardStatistics): readonly Sample[]
}

type ReadTotals<Value> = (pool: PoolTotals) => Value

/** What is now. */
function gauge(name: string, help: string, read: (pool: PoolReport) => number): MetricDefinition {
  const samples = ({ pools }: GuardStatistics): Sample[] =>
    pools.map((pool) => ({ labels: { pool: pool.name }, value: read(pool) }))
  return { name: `pool_${name}`, type: 'gauge', help, labels: ['pool'], isObserved: false, read: samples }
}

/**
 * What was since then, by pools that have ended too: what falls is a restart to Prometheus, which counts all of it
 * again.
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
  gauge('max_connections', 'The most connections that the pool opens.', ({ max }) => max ?? Infinity),
  gauge('open_connections', 'Connections that are open or being opened.', ({ size }) => size),
  gauge('active_connections', 'Connections that the application holds.', ({ active }) => active),
  gauge('idle_connections', 'Connections that nobody holds.', ({ idle }) => idle),
  gauge('waiting_calls', 'Calls that wait for a connection.', ({ waiting }) => waiting),
  histogram(
    'acquire_wait_seconds',
    'How long the calls waited that got a connection.',
    ({ acquireWait }) => acquireWait,
  ),
  histogram('use_seconds', 'How long connections stayed with the application.', ({ use }) => use),
  histogram(
    'pooler_wait_seconds',
    'How long each BEGIN waited for a server connection of the pooler.',
    ({ poolerWait }) => poolerWait,
  ),
  counter('acquires_total', 'Connections handed out.', ({ acquired }) => acquired),
  counter(
    'acquire_timeouts_total',
    'Calls that waited for longer than acquireTimeoutMillis.',
    ({ timedOut }) => timedOut,
  ),
  counter(
    'failed_fast_total',
    'Calls that failed at once while the server refused connections.',
    ({ failedFast }) => failedFast,
    { name: 'poolsafe.pool.failed_fast', unit: '{call}' },
  ),
  counter('queue_full_total', 'Calls refused because maxWaiting others waited already.', ({ queueFull }) => queueFull, {
    name: 'poolsafe.pool.queue_full',
    unit: '{call}',
  }),
  counter('aborted_total', 'Calls that gave up by an abort signal.', ({ aborted }) => aborted, {
    name: 'poolsafe.pool.aborted',
    unit: '{call}',
  }),
  counter(
    'deadlocks_total',
    'Calls that waited while all who held a connection waited too.',
    ({ deadlocks }) => deadlocks,
    { name: 'poolsafe.pool.deadlocks', unit: '{call}' },
  ),
  counter(
    'leaks_total',
    'Connections reported because they were held, or idle in a transaction, for too long.',
    ({ leaks }) => leaks,
    { name: 'poolsafe.pool.leaks', unit: '{report}' },
  ),
  counter('connect_failures_total', 'Attempts to connect that failed.', ({ connectFailures }) => connectFailures, {
    name: 'poolsafe.pool.connect_failures',
    unit: '{attempt}',
  }),
  counter(
    'late_connections_total',
    'Connections that came after their caller had given up.',
    ({ lateArrivals }) => lateArrivals,
  ),
]

/** All reasons from the start, as with the rules. */
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
  total('queries_total', 'Statements that were answered, failures included.', true, ({ totalQueries }) => totalQueries),
  total('query_errors_total', 'Statements that failed.', true, ({ totalErrors }) => totalErrors),
  total(
    'slow_queries_total',
    'Statements that took longer than slowQueryMillis, very slow ones included.',
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
    'Requests that sent one statement too often (N+1).',
    true,
    (all) => all.repeatedQueries,
    { name: 'poolsafe.query.repeated', unit: '{request}' },
  ),
  total(
    'fingerprints',
    'Fingerprints of statements that are remembered.',
    true,
    ({ fingerprints }) => fingerprints.known,
  ),
  total(
    'fingerprints_forgotten_total',
    'Fingerprints forgotten to make room.',
    true,
    ({ fingerprints }) => fingerprints.forgotten,
  ),
]

/** All rules from the start: the first increase of a series that was not there before is none to Prometheus. */
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
    'How often each rule found something that was logged or refused.',
    'poolsafe.findings',
    ({ findings }) => findings,
  ),
  byRule(
    'allowed_findings_total',
    'How often each rule found something that an exception allowed.',
    'poolsafe.allowed_findings',
    (all) => all.allowedFindings,
  ),
  total(
    'analysis_cache_hits_total',
    'Look-ups of texts that were judged from memory.',
    false,
    ({ cache }) => cache.hits,
    { name: 'poolsafe.analysis_cache.hits', unit: '{lookup}' },
  ),
  total(
    'analysis_cache_misses_total',
    'Look-ups of texts that had to be analysed.',
    false,
    ({ cache }) => cache.misses,
    { name: 'poolsafe.analysis_cache.misses', unit: '{lookup}' },
  ),
  total('analysis_parsed_total', 'Texts that had to be parsed.', false, ({ cache }) => cache.parsed),
]

/** Every metric, in the order in which it is written. */
export const catalogue: readonly MetricDefinition[] = [...ofEveryPool, losses, ...ofStatements, ...ofJudgement]
