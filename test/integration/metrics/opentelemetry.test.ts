import { engineOf } from '@poolsafe/core/adapter'
import { createGuard, InvalidOptionError, rules, type Guard, type GuardOptions } from '@poolsafe/core'
import { openTelemetryMetrics, type OpenTelemetryOptions } from '@poolsafe/metrics/opentelemetry'
import type { PoolOptions } from '@poolsafe/pg'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import {
  MeterProvider,
  MetricReader,
  type DataPoint,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withSubject, type Subject } from './subject.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

interface Watched extends Subject {
  readonly collect: () => Promise<ReadonlyMap<string, MetricData>>
  readonly stop: () => void
  readonly provider: MeterProvider
}

async function withMeter(
  work: (watched: Watched) => Promise<void>,
  options: GuardOptions = {},
  limits: PoolOptions = {},
): Promise<void> {
  const reader = new Reader()
  const provider = new MeterProvider({ readers: [reader] })
  const collect = async (): Promise<ReadonlyMap<string, MetricData>> => {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).toEqual([])
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return new Map(all.map((metric) => [metric.descriptor.name, metric]))
  }
  const run = async (subject: Subject): Promise<void> => {
    const stop = openTelemetryMetrics(subject.guard, { meter: provider.getMeter('test') })
    await work({ ...subject, collect, stop, provider })
  }
  await withSubject(server, run, options, { poolName: 'main', ...limits })
  await provider.shutdown()
}

/** The values of a metric, with their attributes. */
function pointsOf(metric: MetricData | undefined): [DataPoint<unknown>['attributes'], unknown][] {
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => [attributes, value])
}

function histogramsOf(metric: MetricData | undefined): [DataPoint<unknown>['attributes'], Histogram][] {
  return pointsOf(metric) as [DataPoint<unknown>['attributes'], Histogram][]
}

it('names are those of the semantic conventions, or begin with poolsafe', async () => {
  const namesOf = (kind: string): ReadonlySet<unknown> =>
    new Set(Object.entries(conventions).flatMap(([name, value]) => (name.startsWith(kind) ? [value] : [])))
  const known = namesOf('METRIC_')
  const attributes = namesOf('ATTR_')
  await withMeter(async ({ pool, collect }) => {
    await pool.query('BEGIN')
    const metrics = await collect()
    expect([...metrics.keys()]).toContain(conventions.METRIC_DB_CLIENT_OPERATION_DURATION)
    for (const [name, { dataPoints }] of metrics) {
      if (!name.startsWith('poolsafe.')) expect(known).toContain(name)
      for (const attribute of dataPoints.flatMap((point) => Object.keys(point.attributes))) {
        if (!attribute.startsWith('poolsafe.')) expect(attributes).toContain(attribute)
      }
    }
  })
})

it('units are those of the semantic conventions', async () => {
  await withMeter(async ({ pool, collect }) => {
    await pool.query('SELECT 1')
    const units = [...(await collect())].map(([name, { descriptor }]) => [name, descriptor.unit])
    expect(Object.fromEntries(units)).toMatchObject({
      [conventions.METRIC_DB_CLIENT_OPERATION_DURATION]: 's',
      [conventions.METRIC_DB_CLIENT_CONNECTION_COUNT]: '{connection}',
      [conventions.METRIC_DB_CLIENT_CONNECTION_LIMIT]: '{connection}',
      [conventions.METRIC_DB_CLIENT_CONNECTION_IDLE_MAX]: '{connection}',
      [conventions.METRIC_DB_CLIENT_CONNECTION_PENDING_REQUESTS]: '{request}',
      [conventions.METRIC_DB_CLIENT_CONNECTION_TIMEOUTS]: '{timeout}',
      [conventions.METRIC_DB_CLIENT_CONNECTION_WAIT_TIME]: 's',
      [conventions.METRIC_DB_CLIENT_CONNECTION_USE_TIME]: 's',
    })
  })
})

it('a statement is recorded with the attributes and the buckets of the conventions', async () => {
  const { host, port, database } = new pg.Client(server.url)
  await withMeter(async ({ pool, collect }) => {
    for (let index = 0; index < 3; index++) await pool.query('SELECT $1::int', [index])
    await expect(pool.query('SELECT no_such_column')).rejects.toThrow('no_such_column')
    const common = {
      'db.system.name': 'postgresql',
      'db.namespace': database,
      'server.address': host,
      'server.port': port,
      'db.operation.name': 'SELECT',
    }
    const points = histogramsOf((await collect()).get('db.client.operation.duration'))
    expect(points.map(([attributes, { count }]) => [attributes, count])).toEqual([
      [common, 3],
      [{ ...common, 'error.type': '42703', 'db.response.status_code': '42703' }, 1],
    ])
    expect(points[0]?.[1].buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
  })
})

it('db.operation.name is the word that the server knows, and missing where that is not known', async () => {
  await withMeter(async ({ pool, collect }) => {
    const client = await pool.connect()
    const statements = [
      'begin',
      'savepoint one',
      'rollback to one',
      'release one',
      'commit',
      'start transaction',
      'end',
      'abort',
    ]
    for (const sql of [
      ...statements,
      'BEGIN; COMMIT',
      'WITH one AS (SELECT 1) SELECT * FROM one',
      'SHOW server_version',
    ])
      await client.query(sql)
    client.release()
    const points = histogramsOf((await collect()).get('db.client.operation.duration'))
    expect(points.map(([attributes, { count }]) => [attributes['db.operation.name'], count])).toEqual([
      ['BEGIN', 2],
      ...['SAVEPOINT', 'ROLLBACK', 'RELEASE', 'COMMIT', 'START', 'END', 'ABORT'].map((word) => [word, 1]),
      [undefined, 2],
    ])
  })
})

it('durations are the sums of the events, in seconds', async () => {
  await withMeter(async ({ pool, guard, collect }) => {
    let queryMillis = 0
    guard.on('query', ({ durationMillis }) => (queryMillis += durationMillis))
    for (let index = 0; index < 5; index++) await pool.query('SELECT pg_sleep(0.01)')
    const metrics = await collect()
    const sumOf = (name: string): number | undefined => histogramsOf(metrics.get(name))[0]?.[1].sum
    const [report] = guard.stats().pools
    expect(sumOf('db.client.operation.duration')).toBeCloseTo(queryMillis / 1000, 9)
    expect(sumOf('db.client.connection.wait_time')).toBeCloseTo((report?.acquireWait.sumMillis ?? Number.NaN) / 1000, 9)
    expect(sumOf('db.client.connection.use_time')).toBeCloseTo((report?.use.sumMillis ?? Number.NaN) / 1000, 9)
  })
})

it('the pool is read when the metrics are collected', async () => {
  const pool = { 'db.client.connection.pool.name': 'main' }
  const limits = { acquireTimeoutMillis: 1000, maxWaiting: 1, statementTimeoutMillis: 100_000 }
  const work: Parameters<typeof withMeter>[0] = async ({ pool: subject, collect }) => {
    const client = await subject.connect()
    await client.query('BEGIN')
    await client.query('COMMIT')
    const outcomes = await Promise.allSettled([subject.query('SELECT 1'), subject.query('SELECT 2')])
    const held = await collect()
    client.release()
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const idle = await collect()
    expect(pointsOf(held.get('db.client.connection.count'))).toEqual([
      [{ ...pool, 'db.client.connection.state': 'idle' }, 0],
      [{ ...pool, 'db.client.connection.state': 'used' }, 1],
    ])
    expect(pointsOf(idle.get('db.client.connection.count')).map(([, value]) => value)).toEqual([1, 0])
    expect(pointsOf(held.get('db.client.connection.limit'))).toEqual([[pool, 1]])
    expect(pointsOf(held.get('db.client.connection.pending_requests'))).toEqual([[pool, 0]])
    expect(pointsOf(held.get('db.client.connection.timeouts'))).toEqual([[pool, 1]])
    expect(pointsOf(held.get('poolsafe.pool.queue_full'))).toEqual([[pool, 1]])
    expect(
      histogramsOf(held.get('poolsafe.pooler.wait_time')).map(([attributes, { count }]) => [attributes, count]),
    ).toEqual([[pool, 1]])
  }
  await withMeter(work, {}, limits)
})

it('findings are counted by rule', async () => {
  await withMeter(async ({ pool, guard, collect }) => {
    await pool.query("SET app.org_id = '7'")
    const points = pointsOf((await collect()).get('poolsafe.findings'))
    expect(points).toEqual(rules.map(({ id }) => [{ 'poolsafe.rule': id }, guard.stats().findings[id] ?? 0]))
  })
})

it('SQLSTATEs that the application makes up have their own label value up to a hundred', async () => {
  await withMeter(async ({ pool, collect }) => {
    const client = await pool.connect()
    for (let index = 0; index < 120; index++) {
      const code = `ZZ${String(index).padStart(3, '0')}`
      await client
        .query(`DO $$ BEGIN RAISE SQLSTATE '${code}'; END $$`)
        .catch((error: unknown) => expect(error).toMatchObject({ code }))
    }
    client.release()
    const points = histogramsOf((await collect()).get('db.client.operation.duration'))
    const other = points.filter(([attributes]) => attributes['error.type'] === '_OTHER')
    expect(points).toHaveLength(101)
    expect(other.map(([attributes, { count }]) => [attributes['db.response.status_code'], count])).toEqual([
      [undefined, 20],
    ])
  })
})

it('nothing is recorded after the end, and the same guard can begin again', async () => {
  await withMeter(async ({ pool, guard, collect, stop, provider }) => {
    await pool.query('SELECT 1')
    stop()
    await pool.query('SELECT 1')
    const metrics = await collect()
    expect(histogramsOf(metrics.get('db.client.operation.duration'))[0]?.[1].count).toBe(1)
    expect(pointsOf(metrics.get('db.client.connection.limit'))).toEqual([])
    expect(engineOf(guard).hears('query')).toBe(false)
    openTelemetryMetrics(guard, { meter: provider.getMeter('test') })
    expect(pointsOf((await collect()).get('db.client.connection.limit'))).toHaveLength(1)
  })
})

it('several guards share a meter, each with a name', async () => {
  await withMeter(async ({ collect, provider }) => {
    await withSubject(server, async ({ guard, pool }) => {
      const meter = provider.getMeter('test')
      expect(() => openTelemetryMetrics(guard, { meter })).toThrow(/^guardName must be unique on a meter/)
      openTelemetryMetrics(guard, { meter, guardName: 'reports' })
      await pool.query('SELECT 1')
      const points = histogramsOf((await collect()).get('db.client.operation.duration'))
      expect(points.map(([attributes]) => attributes['poolsafe.guard'])).toEqual(['reports'])
    })
  })
})

it('with observe: false the pools are there, the statements are not, and that is said', async () => {
  await withMeter(
    async ({ pool, collect, warnings }) => {
      await pool.query('SELECT 1')
      const metrics = await collect()
      expect(pointsOf(metrics.get('db.client.connection.limit'))).toHaveLength(1)
      expect(metrics.has('db.client.operation.duration')).toBe(false)
      expect([...metrics.keys()].filter((name) => name.startsWith('poolsafe.query'))).toEqual([])
      expect(warnings.join('\n')).toMatch(/db\.client\.operation\.duration.*observe: false/)
    },
    { observe: false },
  )
})

it('without an SDK nothing happens', async () => {
  await withSubject(server, async ({ guard, pool }) => {
    const stop = openTelemetryMetrics(guard)
    await pool.query('SELECT 1')
    stop()
  })
})

it.each<[unknown, unknown, RegExp]>([
  [undefined, {}, /^guard must be a guard created by createGuard\(\)/],
  [createGuard(), { metre: 1 }, /did you mean 'meter'/],
  [createGuard(), { meter: {} }, /^meter must be a meter of @opentelemetry\/api; got an object/],
  [createGuard(), { guardName: '' }, /^guardName must be a non-empty string/],
])('what cannot be is refused: %#', (guard, options, message) => {
  const act = (): unknown => openTelemetryMetrics(guard as Guard, options as OpenTelemetryOptions)
  expect(act).toThrow(InvalidOptionError)
  expect(act).toThrow(message)
})
