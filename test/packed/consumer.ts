import { engineOf, harmless } from '@poolsafe/core/adapter'
import { scanSaysHarmless } from '@poolsafe/core/internal'
import { equal, ok, rejects, throws } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createGuard, poolers, UnsafeStatementError, type Guard } from '@poolsafe/core'
import { healthResponse } from '@poolsafe/http'
import { requestScope as requestScopeOfExpress } from '@poolsafe/http/express'
import { requestScope as requestScopeOfFastify } from '@poolsafe/http/fastify'
import { requestScope as requestScopeOfHono } from '@poolsafe/http/hono'
import { requestScope as requestScopeOfNest } from '@poolsafe/http/nest'
import { guardDialect } from '@poolsafe/kysely'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics, watchMetrics } from '@poolsafe/metrics/prometheus'
import { planSize, watchConnections } from '@poolsafe/operate'
import { dedicatedConnection, guardPool } from '@poolsafe/pg'
import { guardSql } from '@poolsafe/postgres-js'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { startGuard } from '@poolsafe/register/guard'
import { enterStrictMode } from '@poolsafe/testing'
import { describeConformance } from '@poolsafe/testing/conformance'
import { formatReport, startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer, startPooler, startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import postgres from 'postgres'
import { loadConfigSync } from '@poolsafe/config'
import { defineConfig } from 'poolsafe'
import { Registry } from 'prom-client'

// Uses the packages as an application does, as they are published. Compiled and run twice: as an ES module and as
// CommonJS.

const unsafe = 'SET search_path = tenant'

const mode = enterStrictMode()

function checkGuard(): Guard {
  const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.24' }) })
  equal(guard.mode, 'strict', 'strict mode makes the guards of the process strict')
  const findings = guard.inspect('WITH a AS (SELECT pg_advisory_lock(1)) SELECT * FROM a').findings
  equal(findings[0]?.rule, 'session/advisory-lock', 'the parser of the package is loaded')
  equal(engineOf(guard).analyze('SELECT 1'), harmless, 'all entries of core share one copy of each module')
  equal(scanSaysHarmless('SELECT 1'), true)
  equal(typeof guardAdapter, 'function')
  for (const start of [startHostilePooler, startPgBouncer, describeConformance]) equal(typeof start, 'function')
  ok(poolsafe(guard))
  equal(defineConfig({ guard: { mode: 'off' } }).guard?.mode, 'off')
  equal(loadConfigSync(process.cwd()).path, undefined)
  equal(typeof startGuard, 'function')
  equal(planSize({ cores: 8 }).worthHaving, 16)
  return guard
}

/** In a process of its own: the register guards all of them. */
function checkRegister(): void {
  const script = "process.stdout.write(require('@poolsafe/register').registeredGuard()?.mode ?? 'unguarded')"
  const printed = execFileSync(process.execPath, ['--import', '@poolsafe/register', '--eval', script])
  equal(String(printed), 'warn', 'the register guards the process')
}

function checkDocs(error: unknown): true {
  ok(error instanceof UnsafeStatementError, String(error))
  const path = /^ *docs +(\S+)$/m.exec(error.message)?.[1]
  ok(path !== undefined && existsSync(join(process.cwd(), path)), `the page that the error names exists: ${path}`)
  return true
}

async function checkHostilePooler(target: PostgresServer): Promise<void> {
  const pooler = await startHostilePooler({ target })
  const client = new pg.Client(pooler.url)
  await client.connect()
  await client.query(unsafe)
  await client.end()
  const [report] = await pooler.reports()
  await pooler.stop()
  ok(report !== undefined && formatReport(report).includes('left setting search_path (session/set)'))
}

async function checkWatch({ url }: PostgresServer): Promise<void> {
  const registry = new Registry()
  const watch = await watchConnections({
    connect: async () => dedicatedConnection(new pg.Client(url)),
    applications: ['shop-*'],
  })
  watchMetrics(watch, { registry })
  await watch.check()
  ok(/^poolsafe_watch_connected 1$/m.test(await registry.metrics()), 'the watch is connected')
  await watch.stop()
}

async function checkPooler(target: PostgresServer): Promise<void> {
  const pooler = await startPooler({ target, kind: 'hostile' })
  const client = new pg.Client(pooler.url)
  try {
    await client.connect()
    equal((await client.query<{ one: number }>('SELECT 1 AS one')).rows[0]?.one, 1)
  } finally {
    await client.end()
    await pooler.stop()
  }
}

async function checkSql(server: PostgresServer, guard: Guard): Promise<void> {
  const tag = guardSql(postgres(server.url, { max: 1 }), guard)
  try {
    equal((await tag<{ one: number }[]>`SELECT ${1}::int AS one`)[0]?.one, 1)
    await rejects(tag.unsafe(unsafe), checkDocs)
    await tag.begin((tx) => tx`SELECT 1`)
    const reserved = await tag.reserve()
    await rejects(reserved`SELECT pg_terminate_backend(pg_backend_pid())`, { code: 'CONNECTION_CLOSED' })
    await rejects(reserved`SELECT 1`, { code: 'CONNECTION_CLOSED' })
    reserved.release()
    equal((await tag<{ two: number }[]>`SELECT ${2}::int AS two`)[0]?.two, 2)
  } finally {
    await tag.end()
  }
}

async function checkObservation(guard: Guard): Promise<void> {
  const scopes = [requestScopeOfExpress(), requestScopeOfFastify(), requestScopeOfHono(), requestScopeOfNest()]
  for (const scope of scopes) equal(typeof scope, 'function')
  const registry = new Registry()
  prometheusMetrics(guard, { registry })
  openTelemetryMetrics(guard)
  ok(/^poolsafe_queries_total [1-9]/m.test(await registry.metrics()), 'statements are counted')
  equal((await healthResponse(guard)(new Request('http://localhost/health'))).status, 200)
  const { resolve } = createRequire(join(process.cwd(), 'consumer.js'))
  for (const file of ['@poolsafe/metrics/prometheus/alerts.yml', '@poolsafe/metrics/grafana/dashboard.json'])
    ok(existsSync(resolve(file)))
}

async function main(): Promise<void> {
  const guard = checkGuard()
  checkRegister()
  const server = await startPostgres()
  const pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  const db = new Kysely<Record<string, never>>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  try {
    equal((await pool.query<{ one: number }>('SELECT 1 AS one')).rows[0]?.one, 1)
    await checkObservation(guard)
    await rejects(pool.query(unsafe), checkDocs)
    await rejects(sql.raw(unsafe).execute(db), checkDocs)
    await checkSql(server, guard)
    equal(mode.findings.length, 3)
    throws(() => mode.assertNone(), /session\/set/)
    await checkHostilePooler(server)
    await checkPooler(server)
    await checkWatch(server)
  } finally {
    await db.destroy()
    await server.stop()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
