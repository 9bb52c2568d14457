import { createGuard, type Guard } from '@poolsafe/core'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { guardPool } from '@poolsafe/pg'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { join } from 'node:path'
import pg from 'pg'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runScript } from '../../support/run-script.ts'
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

const quiet = (): Guard => createGuard({ logger: { warn: () => {} } })
const open = (guard: Guard): pg.Pool =>
  guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, { poolName: 'main', maxWaiting: 0 })

/** One connection handed out, and one call refused. */
async function use(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  await expect(pool.query('SELECT 1')).rejects.toThrow('0 calls wait already')
  client.release()
}

/** Returns the values of a pool's series, by their names. */
async function seriesOf(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('poolsafe_pool_'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

const isGauge = (name: string): boolean => /_(connections|calls)\{/.test(name)

it('no counter and no histogram falls when one of two pools of a name ends, and the next of the name goes on with them', async () => {
  const guard = quiet()
  const registry = new Registry()
  prometheusMetrics(guard, { registry })
  const pools = [open(guard), open(guard)] as const
  for (const pool of pools) await use(pool)
  const before = await seriesOf(registry)
  await pools[0].end()
  const oneLeft = await seriesOf(registry)
  await use(pools[1])
  await pools[1].end()
  const noneLeft = await seriesOf(registry)
  const next = open(guard)
  await use(next)
  const after = await seriesOf(registry)
  await next.end()
  expect(before.get('poolsafe_pool_max_connections{pool="main"}')).toBe(2)
  expect([...oneLeft].filter(([name]) => !isGauge(name))).toEqual([...before].filter(([name]) => !isGauge(name)))
  expect([...noneLeft.keys()].filter(isGauge)).toEqual([])
  const read = (name: string): unknown =>
    [before, oneLeft, noneLeft, after].map((series) => series.get(`${name}{pool="main"}`))
  expect(read('poolsafe_pool_acquires_total')).toEqual([2, 2, 3, 4])
  expect(read('poolsafe_pool_queue_full_total')).toEqual([2, 2, 3, 4])
  expect(read('poolsafe_pool_use_seconds_count')).toEqual([2, 2, 3, 4])
})

it("OpenTelemetry's counters do not fall either, and no connection of an ended pool is reported", async () => {
  const guard = quiet()
  const reader = new Reader()
  openTelemetryMetrics(guard, { meter: new MeterProvider({ readers: [reader] }).getMeter('test') })
  const collect = async (name: string): Promise<unknown> => {
    const { resourceMetrics } = await reader.collect()
    const metric = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === name)
    return metric?.dataPoints.map(({ value }) => value)
  }
  const pools = [open(guard), open(guard)]
  for (const pool of pools) await use(pool)
  expect(await collect('poolsafe.pool.queue_full')).toEqual([2])
  expect(await collect('db.client.connection.limit')).toEqual([2])
  for (const pool of pools) {
    await pool.end()
    expect(await collect('poolsafe.pool.queue_full')).toEqual([2])
  }
  expect(await collect('db.client.connection.limit')).toEqual([0])
  expect(await collect('db.client.connection.count')).toEqual([0, 0])
})

it('a pool that is dropped without end() takes nothing with it that was read before', async () => {
  const { stdout } = await runScript(join(import.meta.dirname, 'dropped-pool.ts'), [server.url])
  expect(stdout.trim().split('\n')).toEqual(['7', '1', '7', '8'])
})

it('a hundred names are remembered that no pool has any more, and all that a pool has', async () => {
  const guard = quiet()
  const openAs = (poolName: string): pg.Pool =>
    guardPool(new pg.Pool({ connectionString: server.url }), guard, { poolName })
  const kept = openAs('kept')
  await openAs('kept').end()
  for (let index = 0; index < 120; index++) await openAs(`tenant ${index}`).end()
  const names = (): string[] => guard.stats().endedPools.map(({ name }) => name)
  expect(names()).toEqual(['kept', ...Array.from({ length: 100 }, (_, index) => `tenant ${index + 20}`)])
  await kept.end()
  expect(names()).toHaveLength(100)
  expect(names().at(-1)).toBe('kept')
})
