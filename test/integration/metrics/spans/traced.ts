import { createGuard } from '@poolsafe/core'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { trace, type Span } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { PrismaInstrumentation } from '@prisma/instrumentation'
import { createRequire } from 'node:module'
import type Pg from 'pg'

// A traced application in a separate process, since instrumentations must be loaded before the driver.
// Its arguments: a URL, and `guarded` or `bare`. It prints each span as the way to it from its root.

const [, , url = '', variant] = process.argv
const isGuarded = variant === 'guarded'
const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
registerInstrumentations({
  instrumentations: [new PgInstrumentation({ enhancedDatabaseReporting: true }), new PrismaInstrumentation()],
})

// The hooks see what is required; what is imported later is the same.
const pg = createRequire(import.meta.url)('pg') as typeof Pg
const { PrismaPg } = await import('@prisma/adapter-pg')
const { PrismaClient } = await import('../../../generated/prisma7/client.ts')

const guard = createGuard({ logger: { warn: () => {} } })
if (isGuarded) openTelemetryMetrics(guard)

const tracer = trace.getTracer('application')

/** Runs `work` as one request of the application. */
async function request(name: string, work: () => Promise<unknown>): Promise<void> {
  await tracer.startActiveSpan(name, async (span: Span) => {
    await work()
    span.end()
  })
}

const bare = new pg.Pool({ connectionString: url, max: 1 })
const pool = isGuarded ? guardPool(bare, guard) : bare

await request('the first query', () => pool.query('SELECT 1'))
await request('query', () => pool.query('SELECT $1::int', [7]))
await request('query with a callback', () => new Promise((resolve) => pool.query('SELECT 2', resolve)))
await request('a query that fails', () => pool.query('SELECT no_such_column').catch(() => {}))
await request('prepared', () => pool.query({ name: 'three', text: 'SELECT 3' }))
await request('connect with a callback', () => {
  return new Promise<void>((resolve, reject) =>
    pool.connect((error, client, release) => {
      if (client === undefined) return reject(error)
      client.query('SELECT 5', () => {
        release()
        resolve()
      })
    }),
  )
})
await request('transaction', async () => {
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT 4')
  await client.query('COMMIT')
  client.release()
})
await Promise.all(
  Array.from({ length: 5 }, (_, index) => request(`crowd ${index}`, () => pool.query(`SELECT ${index} AS crowd`))),
)
await Promise.all(
  Array.from({ length: 5 }, (_, index) =>
    request(`crowd with connect ${index}`, async () => {
      const client = await pool.connect()
      await client.query(`SELECT ${index} AS crowd`)
      client.release()
    }),
  ),
)
await pool.end()

const adapter = new PrismaPg({ connectionString: url, max: 2 })
const plain = new PrismaClient({ adapter: isGuarded ? guardAdapter(adapter, guard) : adapter })
const prisma = isGuarded ? (plain.$extends(poolsafe(guard)) as unknown as typeof plain) : plain
await request('Prisma: create', () =>
  prisma.user.create({ data: { email: 'ada@example.com', posts: { create: { title: 'one' } } } }),
)
await request('Prisma: findMany', () => prisma.user.findMany({ include: { posts: true } }))
await request('Prisma: transaction', () => prisma.$transaction([prisma.user.count(), prisma.post.count()]))
await request('Prisma: interactive', () =>
  prisma.$transaction(async (transaction) => {
    await transaction.user.count()
    await transaction.post.deleteMany()
    await transaction.user.deleteMany()
  }),
)
await request('Prisma: raw', () => prisma.$queryRaw`SELECT 1`)
await Promise.all(Array.from({ length: 6 }, (_, index) => request(`Prisma: crowd ${index}`, () => prisma.user.count())))
await prisma.$disconnect()

const spans = exporter.getFinishedSpans()
const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]))

function wayTo(span: ReadableSpan): string {
  const parent = span.parentSpanContext && byId.get(span.parentSpanContext.spanId)
  const own = `${span.name} ${JSON.stringify(span.attributes['db.query.text'] ?? span.status.code)}`
  return parent === undefined ? own : `${wayTo(parent)} > ${own}`
}

console.log(JSON.stringify(spans.map(wayTo).toSorted()))
