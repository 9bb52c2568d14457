import { lossReasons, rules, type GuardStatistics, type PoolReport, type PoolTotals } from '@poolsafe/core'

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

/** What is now. A pool without a bound has no limit to tell. */
function ofPools(
  name: string,
  unit: string,
  description: string,
  read: (pool: PoolReport) => number,
): InstrumentDefinition {
  const observed = ({ pools, endedPools }: GuardStatistics): Observed[] =>
    [...pools.map((pool) => ofPool(pool, read)), ...gone({ pools, endedPools }, {})].filter(({ value }) =>
      Number.isFinite(value),
    )
  return { name, type: 'upDownCounter', unit, description, isObserved: false, read: observed }
}

/** An SDK repeats for ever what it was told last: where no pool has a name any more, there is nothing of it. */
function gone(
  { pools, endedPools }: Pick<GuardStatistics, 'pools' | 'endedPools'>,
  labels: Observed['labels'],
): Observed[] {
  const present = new Set(pools.map(({ name }) => name))
  const names = endedPools.map(({ name }) => name).filter((name) => !present.has(name))
  return names.map((name) => ({ labels: { [poolNameAttribute]: name, ...labels }, value: 0 }))
}

/** What was since then, by pools that have ended too: a counter never falls. */
function ofTotals(
  name: string,
  unit: string,
  description: string,
  read: (pool: PoolTotals) => number,
): InstrumentDefinition {
  const observed = ({ pools, endedPools }: GuardStatistics): Observed[] =>
    [...pools, ...endedPools].map((pool) => ofPool(pool, read))
  return { name, type: 'counter', unit, description, isObserved: false, read: observed }
}

function ofPool<Pool extends PoolTotals>(pool: Pool, read: (pool: Pool) => number): Observed {
  return { labels: { [poolNameAttribute]: pool.name }, value: read(pool) }
}

/** What the semantic conventions for database clients name. */
const conventional: readonly InstrumentDefinition[] = [
  {
    name: 'db.client.connection.count',
    type: 'upDownCounter',
    unit: '{connection}',
    description: 'The number of connections that are currently in the state that the attribute says.',
    isObserved: false,
    read: (statistics) => [
      ...statistics.pools.flatMap(({ name, idle, active }) => [
        { labels: { [poolNameAttribute]: name, [stateAttribute]: 'idle' }, value: idle },
        { labels: { [poolNameAttribute]: name, [stateAttribute]: 'used' }, value: active },
      ]),
      ...['idle', 'used'].flatMap((state) => gone(statistics, { [stateAttribute]: state })),
    ],
  },
  ofPools(
    'db.client.connection.limit',
    '{connection}',
    'The maximum number of open connections allowed.',
    ({ max }) => max ?? Infinity,
  ),
  // node-postgres closes a connection for its age or its idle time, never because others are idle too.
  ofPools(
    'db.client.connection.idle.max',
    '{connection}',
    'The maximum number of idle open connections allowed.',
    ({ max }) => max ?? Infinity,
  ),
  ofPools(
    'db.client.connection.pending_requests',
    '{request}',
    'Calls that wait for a connection.',
    ({ waiting }) => waiting,
  ),
  ofTotals(
    'db.client.connection.timeouts',
    '{timeout}',
    'Calls that waited for a connection for too long.',
    ({ timedOut }) => timedOut,
  ),
]

function ofGuard(
  name: string,
  unit: string,
  description: string,
  read: (statistics: GuardStatistics) => number,
): InstrumentDefinition {
  const isObserved = name.startsWith('poolsafe.query.')
  return {
    name,
    type: 'counter',
    unit,
    description,
    isObserved,
    read: (statistics) => [{ labels: {}, value: read(statistics) }],
  }
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

const losses: InstrumentDefinition = {
  name: 'poolsafe.pool.connections_lost',
  type: 'counter',
  unit: '{connection}',
  description: 'Open connections that were lost, by reason.',
  isObserved: false,
  read: ({ pools, endedPools }) =>
    [...pools, ...endedPools].flatMap(({ name, connectionsLost }) =>
      lossReasons.map((reason) => ({
        labels: { [poolNameAttribute]: name, 'poolsafe.reason': reason },
        value: connectionsLost[reason],
      })),
    ),
}

/** What no convention has a name for. */
const own: readonly InstrumentDefinition[] = [
  ofTotals(
    'poolsafe.pool.failed_fast',
    '{call}',
    'Calls that failed at once while the server refused connections.',
    ({ failedFast }) => failedFast,
  ),
  ofTotals(
    'poolsafe.pool.queue_full',
    '{call}',
    'Calls refused because maxWaiting others waited already.',
    ({ queueFull }) => queueFull,
  ),
  ofTotals('poolsafe.pool.aborted', '{call}', 'Calls that gave up by an abort signal.', ({ aborted }) => aborted),
  ofTotals(
    'poolsafe.pool.deadlocks',
    '{call}',
    'Calls that waited while all who held a connection waited too.',
    (pool) => pool.deadlocks,
  ),
  ofTotals(
    'poolsafe.pool.leaks',
    '{report}',
    'Connections reported because they were held for too long.',
    ({ leaks }) => leaks,
  ),
  ofTotals(
    'poolsafe.pool.connect_failures',
    '{attempt}',
    'Attempts to connect that failed.',
    (pool) => pool.connectFailures,
  ),
  losses,
  ofGuard(
    'poolsafe.query.slow',
    '{query}',
    'Statements that took longer than slowQueryMillis, very slow ones included.',
    (all) => all.slowQueries,
  ),
  ofGuard(
    'poolsafe.query.very_slow',
    '{query}',
    'Statements that took longer than verySlowQueryMillis.',
    (all) => all.verySlowQueries,
  ),
  ofGuard(
    'poolsafe.query.repeated',
    '{request}',
    'Requests that sent one statement too often (N+1).',
    (all) => all.repeatedQueries,
  ),
  ofGuard(
    'poolsafe.analysis_cache.hits',
    '{lookup}',
    'Look-ups of texts that were judged from memory.',
    ({ cache }) => cache.hits,
  ),
  ofGuard(
    'poolsafe.analysis_cache.misses',
    '{lookup}',
    'Look-ups of texts that had to be analysed.',
    ({ cache }) => cache.misses,
  ),
  byRule(
    'poolsafe.findings',
    'How often each rule found something that was logged or refused.',
    ({ findings }) => findings,
  ),
  byRule(
    'poolsafe.allowed_findings',
    'How often each rule found something that an exception allowed.',
    (all) => all.allowedFindings,
  ),
]

/** Everything that is read when the metrics are collected. */
export const instruments: readonly InstrumentDefinition[] = [...conventional, ...own]
