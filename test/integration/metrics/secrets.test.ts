import { createGuard } from '@poolsafe/core'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** Letters alone, so that no way of writing it differs. */
const secret = `zq${randomUUID().replaceAll(/[^a-f]/g, '')}qz`

it('no value, literal, comment, name, password or detail of an error is in any metric', async () => {
  const admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query(`CREATE ROLE "${secret}" LOGIN PASSWORD '${secret}'`)
  await admin.query('CREATE TABLE person (name text PRIMARY KEY); GRANT ALL ON person TO public')
  await admin.end()
  const url = new URL(server.url)
  url.username = secret
  url.password = secret
  url.searchParams.set('application_name', secret)
  const guard = createGuard({ logger: { warn: () => {} }, observe: { slowQueryMillis: 0.001 } })
  const pool = guardPool(new pg.Pool({ connectionString: url.href, max: 1 }), guard)
  const registry = new Registry()
  const reader = new Reader()
  prometheusMetrics(guard, { registry })
  openTelemetryMetrics(guard, { meter: new MeterProvider({ readers: [reader] }).getMeter('test') })
  const client = await pool.connect()
  const failing = (...args: [string, unknown[]?]): Promise<unknown> =>
    client.query(...args).catch((error: unknown) => error)
  await client.query('INSERT INTO person VALUES ($1)', [secret])
  const violation = await failing('INSERT INTO person VALUES ($1)', [secret])
  expect(violation).toMatchObject({ detail: expect.stringContaining(secret) as unknown })
  await client.query(`SELECT '${secret}' AS one /* ${secret} */ -- ${secret}`)
  await client.query(`SET app.secret = '${secret}'`)
  await client.query(`PREPARE ${secret}2 AS SELECT 1`)
  await client.query({ name: secret, text: 'SELECT $1::text', values: [secret] })
  await failing(`SELECT ${secret}`)
  await failing(`${secret} 7`)
  await failing(`DO $$ BEGIN RAISE EXCEPTION '${secret}'; END $$`)
  client.release()
  await pool.end()
  const written = await registry.metrics()
  const { resourceMetrics } = await reader.collect()
  const collected = JSON.stringify(resourceMetrics)
  expect(written).toContain('poolsafe_queries_total 9')
  expect(collected).toContain('"db.response.status_code":"23505"')
  for (const output of [written, collected, JSON.stringify(await registry.getMetricsAsJSON())])
    expect(output.toLowerCase()).not.toContain(secret)
})
