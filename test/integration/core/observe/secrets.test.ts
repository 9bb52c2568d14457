import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createGuard, findPoolsafeError, withRequestScope, type Guard, type GuardEvents } from '@poolsafe/core'
import { healthResponse } from '@poolsafe/http'
import { guardDialect } from '@poolsafe/kysely'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../../generated/prisma7/client.ts'

// Every secret is planted where it must not get out of, and whatever comes out is searched for all of them.

const secrets = {
  parameter: 'hunter2parameter',
  literal: 'hunter2literal',
  number: '4242424242',
  dollarQuoted: 'hunter2dollar',
  escaped: 'hunter2escape',
  comment: 'hunter2comment',
  setting: 'hunter2setting',
  detail: 'hunter2detail',
  payload: 'hunter2payload',
  tag: 'hunter2outer',
  password: 'hunter2password',
}

/** The texts of the application. Slow, failing, repeated and unsafe ones each make other output. */
const texts = [
  `SELECT '${secrets.literal}' AS a, ${secrets.number} AS b /* ${secrets.comment} */`,
  `SELECT $tag$${secrets.dollarQuoted}$tag$ -- ${secrets.comment}`,
  `SELECT E'\\'${secrets.escaped}', pg_sleep(0.05)`,
  `SET search_path = ${secrets.setting}`,
  `SET LOCAL app.tenant = '${secrets.setting}'`,
  `NOTIFY news, '${secrets.payload}'`,
  `SELECT set_config('app.user', '${secrets.setting}', false)`,
  `INSERT INTO vault (name) VALUES ('${secrets.detail}')`,
  `SELECT * FROM vault WHERE name = '${secrets.literal}' AND pg_sleep(0.05) IS NOT NULL`,
  `SELECT 1 / 0, '${secrets.literal}'`,
  `SELECT '${secrets.literal}' ||`,
  `SELECT 'unfinished ${secrets.literal}`,
]

let server: PostgresServer
let url: string

beforeAll(async () => {
  server = await startPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(`CREATE TABLE vault (name text UNIQUE); INSERT INTO vault VALUES ('${secrets.detail}')`)
  await client.query(`CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${secrets.password}'`)
  await client.end()
  url = `postgresql://keeper:${secrets.password}@${server.host}:${server.port}/${server.database}`
})

afterAll(() => server.stop())

/** Collects when it is asked. */
class Collector extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** All that comes out of a guard while an application works. */
class Outlets {
  readonly said: string[] = []
  readonly guard: Guard
  readonly #leave: (() => void)[] = []
  readonly #registry = new Registry()
  readonly #reader = new Collector()

  constructor(structured: boolean) {
    const line = (...parts: unknown[]): void => void this.said.push(parts.map(everything).join(' '))
    const logger = structured
      ? pino({ level: 'trace' }, { write: (text: string) => line(text) })
      : { warn: line, error: line, info: line }
    this.guard = createGuard({
      logger,
      observe: { slowQueryMillis: 10, verySlowQueryMillis: 30, explainSlowQueries: true, repeatedQueryLimit: 2 },
    })
    this.#leave.push(prometheusMetrics(this.guard, { registry: this.#registry }))
    const meter = new MeterProvider({ readers: [this.#reader] }).getMeter('secrets')
    this.#leave.push(openTelemetryMetrics(this.guard, { meter }))
    const names = [
      'finding',
      'allowed',
      'fault',
      'query',
      'slowQuery',
      'repeatedQuery',
      'acquire',
      'release',
      'timeout',
      'leak',
    ] as const
    for (const name of names) this.#watch(name)
  }

  #watch(name: keyof GuardEvents): void {
    const hear = (event: unknown): void => void this.said.push(`${name} ${everything(event)}`)
    this.#leave.push(this.guard.on(name, hear))
    subscribe(`poolsafe:${name}`, hear)
    this.#leave.push(() => void unsubscribe(`poolsafe:${name}`, hear))
  }

  /** The output that is asked for, once the application has worked. */
  async ask(): Promise<void> {
    this.said.push(everything(this.guard.stats()), everything(await this.guard.health()))
    const answer = await healthResponse(this.guard, { details: true })(new Request('http://localhost/health'))
    this.said.push(await answer.text(), await this.#registry.metrics())
    const { resourceMetrics } = await this.#reader.collect()
    this.said.push(everything(resourceMetrics))
  }

  /** Returns true if an event was emitted: without one the test proves nothing. */
  heard(name: keyof GuardEvents): boolean {
    return this.said.some((text) => text.startsWith(`${name} `))
  }

  close(): void {
    for (const leave of this.#leave) leave()
  }
}

/** Returns everything that code can read from a value, including properties that are not enumerable. */
function everything(value: unknown): string {
  return typeof value === 'string'
    ? value
    : inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null })
}

type Send = (text: string, values: unknown[]) => Promise<unknown>

interface Application {
  readonly send: Send
  readonly close: () => Promise<unknown>
}

const applications: readonly [string, (guard: Guard) => Application][] = [
  [
    'pg',
    (guard) => {
      const pool = guardPool(new pg.Pool({ connectionString: url, max: 2 }), guard)
      return { send: (text, values) => pool.query(text, values), close: () => pool.end() }
    },
  ],
  [
    'Kysely',
    (guard) => {
      const db = new Kysely<object>({
        dialect: guardDialect(new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 2 }) }), guard),
      })
      const send: Send = (text, values) => db.executeQuery({ ...sql`${sql.raw(text)}`.compile(db), parameters: values })
      return { send, close: () => db.destroy() }
    },
  ],
  [
    'Prisma',
    (guard) => {
      const adapter = guardAdapter(new PrismaPg({ connectionString: url, max: 2 }), guard)
      const prisma = new PrismaClient({ adapter }).$extends(poolsafe(guard))
      return { send: (text, values) => prisma.$queryRawUnsafe(text, ...values), close: () => prisma.$disconnect() }
    },
  ],
]

async function work({ send }: Application): Promise<void> {
  const quiet = (text: string, values: unknown[] = []): Promise<unknown> => send(text, values).catch(() => undefined)
  for (const text of texts) await quiet(text)
  await quiet('SELECT $1::text, pg_sleep(0.05)', [secrets.parameter])
  await quiet('SELECT $1::int', [secrets.parameter])
  await withRequestScope({ name: 'GET /vault' }, async () => {
    for (let turn = 0; turn < 5; turn++) await quiet('SELECT * FROM vault WHERE name = $1', [secrets.parameter])
  })
}

describe.each(applications)('through %s', (_name, open) => {
  it.each([
    ['a plain logger', false],
    ['pino', true],
  ])('no value and no literal gets out, by %s', async (_logger, structured) => {
    const outlets = new Outlets(structured)
    const application = open(outlets.guard)
    try {
      await work(application)
      await expect
        .poll(() => outlets.heard('slowQuery') && outlets.heard('repeatedQuery') && outlets.heard('finding'), {
          timeout: 60_000,
        })
        .toBe(true)
      await outlets.ask()
    } finally {
      await application.close()
      outlets.close()
    }
    expect(outlets.said.length).toBeGreaterThan(texts.length)
    for (const [place, secret] of Object.entries(secrets)) {
      const leaks = outlets.said.filter((text) => text.includes(secret))
      expect(leaks, `the secret of a ${place}`).toEqual([])
    }
  })
})

describe('in strict mode', () => {
  it.each(applications)('an error of poolsafe through %s holds none either', async (_name, open) => {
    const said: string[] = []
    const guard = createGuard({ mode: 'strict', logger: { warn: (text) => void said.push(text) } })
    const application = open(guard)
    const refused: unknown[] = []
    for (const text of texts)
      await application.send(text, []).catch((error: unknown) => void refused.push(findPoolsafeError(error)))
    await application.close()
    const errors = refused.filter((error) => error !== undefined)
    expect(errors.length).toBeGreaterThan(1)
    said.push(...errors.map(everything))
    for (const secret of Object.values(secrets)) expect(said.filter((text) => text.includes(secret))).toEqual([])
  })
})
