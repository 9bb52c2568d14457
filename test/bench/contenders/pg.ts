import { createRequire } from 'node:module'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { guardPool } from '@poolsafe/pg'
import type pg from 'pg'
import { requestLength, runScenario, type Contender, type Scenario } from '../compare/contender.ts'
import { connectCanned, connectInTransaction } from './canned-server.ts'
import { guardLeast } from './least-gate.ts'
import { startTelemetry } from './telemetry.ts'
import { startWatch, unwatched, type Watch } from './watch.ts'

/** Short ones, each of a shape of its own. */
const statements = Array.from({ length: requestLength }, (_, index) =>
  index === 0 ? 'SELECT 1' : `SELECT 1 AS column_${index}`,
)

const unsafe = "SET app.tenant = '42'"

/** `SELECT 1` by a pool: against the server at `url`, or against canned answers where there is none. */
export async function prepare(variant: string, scenario: Scenario): Promise<Contender> {
  if (operationsInside.has(scenario.operation)) return inTransaction(variant, scenario)
  const { concurrency = 1, url, operation } = scenario
  const watch = await watchOf(variant)
  const server = url === undefined ? { stream: connectCanned } : { connectionString: url }
  const plain = new (loadPg().Pool)({ ...server, max: concurrency })
  const pool = watch.guard === undefined ? plain : guardPool(plain, watch.guard)
  if (variant === 'least gate') guardLeast(pool)
  const send =
    operation === 'connect, query, release' ? (sql: string) => checkOut(pool, sql) : (sql: string) => pool.query(sql)
  const texts = operation === 'an unsafe statement' ? [unsafe] : statements
  const operate = (index: number): Promise<unknown> => send(texts[index] as string)
  return {
    run: (operations) => runScenario(operations, scenario, watch.inRequest, operate),
    close: () => pool.end().then(watch.close),
  }
}

/** Statements that a client sends again and again inside one transaction. */
const operationsInside: ReadonlyMap<string, string> = new Map([
  ['an unsafe statement in a transaction', unsafe],
  ['a harmless statement in a transaction', 'SELECT 1'],
])

async function inTransaction(variant: string, scenario: Scenario): Promise<Contender> {
  const watch = startWatch(variant)
  const plain = new (loadPg().Pool)({ stream: connectInTransaction, max: 1 })
  const pool = watch.guard === undefined ? plain : guardPool(plain, watch.guard)
  const client = await pool.connect()
  const text = operationsInside.get(scenario.operation) ?? ''
  await client.query('BEGIN')
  return {
    run: (operations) => runScenario(operations, scenario, watch.inRequest, () => client.query(text)),
    async close() {
      client.release(true)
      await pool.end()
      await watch.close()
    },
  }
}

async function watchOf(variant: string): Promise<Watch> {
  if (variant !== 'instrumentation-pg') return startWatch(variant)
  return { ...unwatched, close: startTelemetry(() => [new PgInstrumentation()]) }
}

/** Instrumentations change what is loaded after them, and by `require`. */
function loadPg(): typeof pg {
  return createRequire(import.meta.url)('pg') as typeof pg
}

async function checkOut(pool: pg.Pool, sql: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(sql)
  } finally {
    client.release()
  }
}
