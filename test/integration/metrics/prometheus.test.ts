import { createGuard, InvalidOptionError, rules, withRequestScope, type Guard, type GuardOptions } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { prometheusMetrics, type PrometheusOptions } from '@poolsafe/metrics/prometheus'
import pg from 'pg'
import { AggregatorRegistry, Counter, register, Registry, type RegistryContentType } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findPrometheus } from '../../support/prometheus/find-prometheus.ts'
import { runWithInput } from '../../support/prometheus/run.ts'
import { withSubject, type Subject } from './subject.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

type Series = ReadonlyMap<string, number>

/** The series of an exposition: `name{labels}` → value. */
async function scrape(registry: Registry): Promise<Series> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

async function withRegistry(
  work: (subject: Subject & { readonly registry: Registry }) => Promise<void>,
  options: GuardOptions = {},
  limits: PoolOptions = {},
): Promise<void> {
  const registry = new Registry()
  const run = async (subject: Subject): Promise<void> => {
    prometheusMetrics(subject.guard, { registry })
    await work({ ...subject, registry })
  }
  await withSubject(server, run, options, { poolName: 'main', ...limits })
}

it('the metrics of a pool are its statistics', async () => {
  await withRegistry(async ({ pool, registry, guard }) => {
    const client = await pool.connect()
    const waiting = pool.query('SELECT 2')
    const series = await scrape(registry)
    expect(series.get('poolsafe_pool_max_connections{pool="main"}')).toBe(1)
    expect(series.get('poolsafe_pool_open_connections{pool="main"}')).toBe(1)
    expect(series.get('poolsafe_pool_active_connections{pool="main"}')).toBe(1)
    expect(series.get('poolsafe_pool_idle_connections{pool="main"}')).toBe(0)
    expect(series.get('poolsafe_pool_waiting_calls{pool="main"}')).toBe(1)
    client.release()
    await waiting
    const after = await scrape(registry)
    expect(after.get('poolsafe_pool_acquires_total{pool="main"}')).toBe(2)
    expect(after.get('poolsafe_pool_acquire_wait_seconds_count{pool="main"}')).toBe(2)
    const [report] = guard.stats().pools
    expect(after.get('poolsafe_pool_acquire_wait_seconds_sum{pool="main"}')).toBe(
      (report?.acquireWait.sumMillis ?? Number.NaN) / 1000,
    )
    expect(after.get('poolsafe_pool_use_seconds_sum{pool="main"}')).toBe((report?.use.sumMillis ?? Number.NaN) / 1000)
  })
})

it('calls that got no connection are counted by why', async () => {
  const limits = { acquireTimeoutMillis: 1000, maxWaiting: 1 }
  const work: Parameters<typeof withRegistry>[0] = async ({ pool, registry }) => {
    const client = await pool.connect()
    const outcomes = await Promise.allSettled([pool.query('SELECT 1'), pool.query('SELECT 2')])
    client.release()
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const series = await scrape(registry)
    expect(series.get('poolsafe_pool_acquire_timeouts_total{pool="main"}')).toBe(1)
    expect(series.get('poolsafe_pool_queue_full_total{pool="main"}')).toBe(1)
  }
  await withRegistry(work, {}, limits)
})

it('statements are counted by kind and outcome, in buckets from 1 ms to 5 s', async () => {
  await withRegistry(async ({ pool, registry, guard }) => {
    await pool.query('SELECT 1')
    await pool.query('SELECT pg_sleep(0.02)')
    await expect(pool.query('SELECT no_such_column')).rejects.toThrow('no_such_column')
    const series = await scrape(registry)
    const name = 'poolsafe_query_duration_seconds'
    expect(series.get(`${name}_count{kind="select",outcome="ok"}`)).toBe(2)
    expect(series.get(`${name}_count{kind="select",outcome="failed"}`)).toBe(1)
    expect(series.get(`${name}_bucket{kind="select",outcome="ok",le="0.01"}`)).toBeLessThan(2)
    expect(series.get(`${name}_bucket{kind="select",outcome="ok",le="+Inf"}`)).toBe(2)
    const bounds = [...series.keys()].flatMap((key) => /query_duration.*outcome="ok",le="([^"]*)"/.exec(key)?.[1] ?? [])
    expect([bounds[0], bounds.at(-2), bounds.at(-1)]).toEqual(['0.001', '5', '+Inf'])
    const ok = guard.stats().byKind.find(({ failed }) => !failed)
    expect(series.get(`${name}_sum{kind="select",outcome="ok"}`)).toBe((ok?.duration.sumMillis ?? Number.NaN) / 1000)
    expect(series.get('poolsafe_queries_total')).toBe(3)
    expect(series.get('poolsafe_query_errors_total')).toBe(1)
  })
})

it('every rule has its series from the start', async () => {
  await withRegistry(async ({ guard, registry, pool }) => {
    await pool.query("SET app.org_id = '7'")
    const series = await scrape(registry)
    expect(series.get('poolsafe_findings_total{rule="session/set"}')).toBe(1)
    for (const { id } of rules)
      expect(series.get(`poolsafe_findings_total{rule="${id}"}`)).toBe(guard.stats().findings[id] ?? 0)
    expect(series.get('poolsafe_analysis_cache_hits_total')).toBe(guard.stats().cache.hits)
  })
})

it('slow, repeated and remembered statements are counted', async () => {
  const work: Parameters<typeof withRegistry>[0] = async ({ pool, registry }) => {
    await withRequestScope({}, async () => {
      for (let index = 0; index < 4; index++) await pool.query('SELECT $1::int', [index])
    })
    const series = await scrape(registry)
    expect(series.get('poolsafe_slow_queries_total')).toBe(4)
    expect(series.get('poolsafe_very_slow_queries_total')).toBe(0)
    expect(series.get('poolsafe_repeated_queries_total')).toBe(1)
    expect(series.get('poolsafe_fingerprints')).toBe(1)
    expect(series.get('poolsafe_analysis_cache_hits_total')).toBe(3)
    expect(series.get('poolsafe_analysis_cache_misses_total')).toBe(1)
  }
  await withRegistry(work, { observe: { slowQueryMillis: 0.001, verySlowQueryMillis: 1e6, repeatedQueryLimit: 3 } })
})

it('more statements, values and errors make no more series', async () => {
  await withRegistry(async ({ pool, registry }) => {
    const client = await pool.connect()
    const send = async (from: number): Promise<number> => {
      for (let index = from; index < from + 100; index++) {
        await client.query(`SELECT ${index} AS column_${index}`)
        await client.query(`SELECT missing_${index}`).catch(() => {})
      }
      return (await scrape(registry)).size
    }
    expect(await send(100)).toBe(await send(0))
    client.release()
  })
})

it('a histogram rises from bucket to bucket', async () => {
  await withRegistry(async ({ pool, registry }) => {
    for (let index = 0; index < 50; index++) await pool.query('SELECT pg_sleep($1)', [index / 2000])
    const buckets = [...(await scrape(registry))].filter(([key]) =>
      key.startsWith('poolsafe_query_duration_seconds_bucket'),
    )
    const counts = buckets.map(([, count]) => count)
    expect(counts).toEqual(counts.toSorted((one, other) => one - other))
    expect(counts.at(-1)).toBe(50)
  })
})

it('promtool finds no fault in names, units and help', async () => {
  const { promtool } = await findPrometheus()
  await withRegistry(async ({ pool, registry }) => {
    await pool.query('SELECT 1')
    expect(await runWithInput(promtool, ['check', 'metrics'], await registry.metrics())).toEqual({
      code: 0,
      output: '',
    })
  })
})

it('OpenMetrics is written too', async () => {
  const registry = new Registry<RegistryContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  await withSubject(server, async ({ guard, pool }) => {
    const remove = prometheusMetrics(guard, { registry })
    await pool.query('SELECT 1')
    for (let index = 0; index < 2; index++)
      expect(await registry.metrics()).toMatch(/# TYPE poolsafe_queries counter\npoolsafe_queries_total 1\n/)
    remove()
    expect(registry.getMetricsAsArray()).toEqual([])
  })
})

it('the registry writes them as JSON, which puts the workers of a cluster together', async () => {
  await withRegistry(async ({ pool, registry }) => {
    await pool.query('SELECT 1')
    const json = await registry.getMetricsAsJSON()
    const merged = await scrape(AggregatorRegistry.aggregate([json, json]))
    expect(merged.get('poolsafe_queries_total')).toBe(2)
    expect(merged.get('poolsafe_query_duration_seconds_count{kind="select",outcome="ok"}')).toBe(2)
  })
})

it('pools of one name are added up', async () => {
  await withRegistry(async ({ guard, registry }) => {
    const second = guardPool(new pg.Pool({ connectionString: server.url, max: 4 }), guard, { poolName: 'main' })
    const series = await scrape(registry)
    expect(series.get('poolsafe_pool_max_connections{pool="main"}')).toBe(5)
    expect(series.get('poolsafe_pool_use_seconds_count{pool="main"}')).toBe(0)
    await second.end()
    expect((await scrape(registry)).get('poolsafe_pool_max_connections{pool="main"}')).toBe(1)
  })
})

it('several guards share a registry, each with a label', async () => {
  await withRegistry(async ({ pool, registry }) => {
    await withSubject(server, async (other) => {
      expect(() => prometheusMetrics(other.guard, { registry })).toThrow(/^guardName must be unique in a registry/)
      const remove = prometheusMetrics(other.guard, { registry, guardName: 'reports' })
      await pool.query('SELECT 1')
      await other.pool.query('SELECT 1')
      await other.pool.query('SELECT 1')
      const series = await scrape(registry)
      expect([series.get('poolsafe_queries_total'), series.get('poolsafe_queries_total{guard="reports"}')]).toEqual([
        1, 2,
      ])
      remove()
      expect((await scrape(registry)).has('poolsafe_queries_total{guard="reports"}')).toBe(false)
      expect((await scrape(registry)).get('poolsafe_queries_total')).toBe(1)
    })
  })
})

it('a name that the registry has already is refused, and nothing is registered', () => {
  const registry = new Registry()
  const other = new Counter({ name: 'poolsafe_queries_total', help: 'Another.', registers: [registry] })
  const guard = createGuard()
  const register_ = (): unknown => prometheusMetrics(guard, { registry })
  expect(register_).toThrow(InvalidOptionError)
  expect(register_).toThrow(/another metric poolsafe_queries_total: choose another prefix, or call registry\.clear\(\)/)
  expect(registry.getMetricsAsArray()).toEqual([other])
  prometheusMetrics(guard, { registry, prefix: 'shop_' })()
  expect(registry.getMetricsAsArray()).toEqual([other])
})

it('metrics that were removed can be added again, and after registry.clear() too', async () => {
  const guard = createGuard()
  const registry = new Registry()
  prometheusMetrics(guard, { registry })()
  expect(registry.getMetricsAsArray()).toEqual([])
  const remove = prometheusMetrics(guard, { registry })
  registry.clear()
  prometheusMetrics(guard, { registry })
  remove()
  expect((await scrape(registry)).has('poolsafe_queries_total')).toBe(true)
})

it("without a registry prom-client's own is taken", () => {
  const remove = prometheusMetrics(createGuard())
  expect(register.getSingleMetric('poolsafe_queries_total')).toBeDefined()
  remove()
  expect(register.getMetricsAsArray()).toEqual([])
})

it('with observe: false the pools are there, the statements are not, and that is said', async () => {
  await withRegistry(
    async ({ pool, registry, warnings }) => {
      await pool.query('SELECT 1')
      const series = await scrape(registry)
      expect(series.get('poolsafe_pool_acquires_total{pool="main"}')).toBe(1)
      expect([...series.keys()].filter((key) => key.includes('quer'))).toEqual([])
      expect(warnings.join('\n')).toContain('poolsafe_query_duration_seconds')
      expect(warnings.join('\n')).toContain('observe: false')
    },
    { observe: false },
  )
})

it.each<[unknown, unknown, RegExp]>([
  [undefined, {}, /^guard must be a guard created by createGuard\(\)/],
  [{}, {}, /^guard must be a guard/],
  [createGuard(), { prefx: 'a_' }, /did you mean 'prefix'/],
  [createGuard(), 'shop_', /must be an object with the options registry, prefix, guardName/],
  [createGuard(), { prefix: '9_' }, /^prefix must be a string of letters.*got '9_'/],
  [createGuard(), { prefix: 'a-b' }, /^prefix must be/],
  [createGuard(), { prefix: '' }, /^prefix must be/],
  [createGuard(), { prefix: 7 }, /^prefix must be/],
  [createGuard(), { guardName: '' }, /^guardName must be a non-empty string/],
  [createGuard(), { registry: {} }, /^registry must be a registry of prom-client; got an object/],
  [
    createGuard(),
    { registry: 'postgresql://user:hunter2@db/shop' },
    /^registry must be a registry of prom-client; got a string$/,
  ],
])('what cannot be is refused: %#', (guard, options, message) => {
  const act = (): unknown => prometheusMetrics(guard as Guard, options as PrometheusOptions)
  expect(act).toThrow(InvalidOptionError)
  expect(act).toThrow(message)
})
