import type { GuardStatistics, PoolReport } from '@poolsafe/core'
import type { PoolTotals } from '@poolsafe/core/internal'
import { catalogue, type MetricDefinition, type Sample } from './catalogue.ts'

/** One observed value with its attributes. */
export interface Observed {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** An instrument that is read when the SDK collects. */
export interface InstrumentDefinition {
  readonly name: string
  /** `upDownCounter` for the present state, `counter` for totals since the guard was created. */
  readonly type: 'upDownCounter' | 'counter'
  readonly unit: string
  readonly description: string
  /** True if a guard with `observe: false` does not have it. */
  readonly isObserved: boolean
  read(statistics: GuardStatistics): readonly Observed[]
}

/** The attribute names of the semantic conventions. */
export const poolNameAttribute = 'db.client.connection.pool.name'
const stateAttribute = 'db.client.connection.state'

/** An instrument of the present state. A pool without a limit reports no value for it. */
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

/** Returns zeros for pools that have ended, because an SDK repeats the last value forever. */
function gone(
  { pools, endedPools }: Pick<GuardStatistics, 'pools' | 'endedPools'>,
  labels: Observed['labels'],
): Observed[] {
  const present = new Set(pools.map(({ name }) => name))
  const names = endedPools.map(({ name }) => name).filter((name) => !present.has(name))
  return names.map((name) => ({ labels: { [poolNameAttribute]: name, ...labels }, value: 0 }))
}

/** A total since the start. It includes pools that have ended, because a counter never decreases. */
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

/** The instruments of the semantic conventions for database clients. */
const conventional: readonly InstrumentDefinition[] = [
  {
    name: 'db.client.connection.count',
    type: 'upDownCounter',
    unit: '{connection}',
    description: 'The number of connections that are currently in the state of the attribute.',
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
  // node-postgres closes a connection for its age or idle time, never because too many are idle.
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

const attributes: Readonly<Record<string, string>> = {
  pool: poolNameAttribute,
  reason: 'poolsafe.reason',
  rule: 'poolsafe.rule',
}

/** Converts a metric of the catalogue if it has an OpenTelemetry name. */
function ofCatalogue(metric: MetricDefinition): InstrumentDefinition[] {
  const { type, help, isObserved, openTelemetry } = metric
  if (openTelemetry === undefined) return []
  const observed = (statistics: GuardStatistics): Observed[] =>
    metric.read(statistics).map(({ labels, value }) => ({ labels: renamed(labels), value: Number(value) }))
  const kind = type === 'counter' ? 'counter' : 'upDownCounter'
  return [{ ...openTelemetry, type: kind, description: help, isObserved, read: observed }]
}

function renamed(labels: Sample['labels']): Observed['labels'] {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [attributes[name] ?? name, value]))
}

/** Every instrument that is read when the SDK collects. */
export const instruments: readonly InstrumentDefinition[] = [...conventional, ...catalogue.flatMap(ofCatalogue)]
