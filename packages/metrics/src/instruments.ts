import { rules, type GuardStatistics, type PoolReport } from '@poolsafe/core'

/** One value with its attributes, as it is observed. */
export interface Observed {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** An instrument that is read when the metrics are collected. */
export interface InstrumentDefinition {
  readonly name: string
  /** `upDownCounter` for what is now, `counter` for what was since the guard was made. */
  readonly type: 'upDownCounter' | 'counter'
  readonly unit: string
  readonly description: string
  /** Whether it is missing for a guard with `observe: false`. */
  readonly isObserved: boolean
  read(statistics: GuardStatistics): readonly Observed[]
}

/** Of the conventions. */
export const poolNameAttribute = 'db.client.connection.pool.name'
const stateAttribute = 'db.client.connection.state'

/** Units of what can become less again. */
const isNow: ReadonlySet<string> = new Set(['{connection}', '{request}'])

function ofPools(name: string, unit: string, description: string, read: (pool: PoolReport) => number): InstrumentDefinition {
  return {
    name,
    type: isNow.has(unit) ? 'upDownCounter' : 'counter',
    unit,
    description,
    isObserved: false,
    // A pool without a bound has no limit to tell.
    read: ({ pools }) =>
      pools
        .map((pool) => ({ labels: { [poolNameAttribute]: pool.name }, value: read(pool) }))
        .filter(({ value }) => Number.isFinite(value)),
  }
}

/** What the semantic conventions for database clients name. */
const conventional: readonly InstrumentDefinition[] = [
  {
    name: 'db.client.connection.count',
    type: 'upDownCounter',
    unit: '{connection}',
    description: 'The number of connections that are currently in the state that the attribute says.',
    isObserved: false,
    read: ({ pools }) =>
      pools.flatMap(({ name, idle, active }) => [
        { labels: { [poolNameAttribute]: name, [stateAttribute]: 'idle' }, value: idle },
        { labels: { [poolNameAttribute]: name, [stateAttribute]: 'used' }, value: active },
      ]),
  },
  ofPools('db.client.connection.limit', '{connection}', 'The maximum number of open connections allowed.', ({ max }) => max ?? Infinity),
  // node-postgres closes a connection for its age or its idle time, never because others are idle too.
  ofPools(
    'db.client.connection.idle.max',
    '{connection}',
    'The maximum number of idle open connections allowed.',
    ({ max }) => max ?? Infinity,
  ),
  ofPools('db.client.connection.pending_requests', '{request}', 'Calls that wait for a connection.', ({ waiting }) => waiting),
  ofPools('db.client.connection.timeouts', '{timeout}', 'Calls that waited for a connection for too long.', ({ timedOut }) => timedOut),
]

function ofGuard(name: string, unit: string, description: string, read: (statistics: GuardStatistics) => number): InstrumentDefinition {
  const isObserved = name.startsWith('poolsafe.query.')
  return { name, type: 'counter', unit, description, isObserved, read: (statistics) => [{ labels: {}, value: read(statistics) }] }
}

function byRule(
  name: string,
  description: string,
  read: (statistics: GuardStatistics) => GuardStatistics['findings'],
): InstrumentDefinition {
  const observed = (statistics: GuardStatistics): Observed[] => {
    const counts = read(statistics)
    return rules.map(({ id }) => ({ labels: { 'poolsafe.rule': id }, value: counts[id] ?? 0 }))
  }
  return { name, type: 'counter', unit: '{finding}', description, isObserved: false, read: observed }
}

/** What no convention has a name for. */
const own: readonly InstrumentDefinition[] = [
  ofPools('poolsafe.pool.queue_full', '{call}', 'Calls refused because maxWaiting others waited already.', ({ queueFull }) => queueFull),
  ofPools('poolsafe.pool.aborted', '{call}', 'Calls that gave up by an abort signal.', ({ aborted }) => aborted),
  ofPools('poolsafe.pool.deadlocks', '{call}', 'Calls that waited while all who held a connection waited too.', (pool) => pool.deadlocks),
  ofPools('poolsafe.pool.leaks', '{report}', 'Connections reported because they were held for too long.', ({ leaks }) => leaks),
  ofPools('poolsafe.pool.connect_failures', '{attempt}', 'Attempts to connect that failed.', (pool) => pool.connectFailures),
  ofGuard(
    'poolsafe.query.slow',
    '{query}',
    'Statements that took longer than slowQueryMillis, very slow ones included.',
    (all) => all.slowQueries,
  ),
  ofGuard('poolsafe.query.very_slow', '{query}', 'Statements that took longer than verySlowQueryMillis.', (all) => all.verySlowQueries),
  ofGuard('poolsafe.query.repeated', '{request}', 'Requests that sent one statement too often (N+1).', (all) => all.repeatedQueries),
  ofGuard('poolsafe.analysis_cache.hits', '{lookup}', 'Look-ups of texts that were judged from memory.', ({ cache }) => cache.hits),
  ofGuard('poolsafe.analysis_cache.misses', '{lookup}', 'Look-ups of texts that had to be analysed.', ({ cache }) => cache.misses),
  byRule('poolsafe.findings', 'How often each rule found something that was logged or refused.', ({ findings }) => findings),
  byRule('poolsafe.allowed_findings', 'How often each rule found something that an exception allowed.', (all) => all.allowedFindings),
]

/** Everything that is read when the metrics are collected. */
export const instruments: readonly InstrumentDefinition[] = [...conventional, ...own]
