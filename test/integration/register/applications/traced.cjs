// OpenTelemetry patches the same prototypes. Prints the names of the spans, in order.
const { PgInstrumentation } = require('@opentelemetry/instrumentation-pg')
const { InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')
const { registerInstrumentations } = require('@opentelemetry/instrumentation')

const exporter = new InMemorySpanExporter()
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
tracerProvider.register()
registerInstrumentations({ tracerProvider, instrumentations: [new PgInstrumentation()] })
const { Client, Pool } = require('pg')

async function main() {
  const client = new Client(process.env.DATABASE_URL)
  await client.connect()
  await client.query('SELECT 1')
  await client.query('SET app.traced_client = 1')
  await client.end()
  const pool = new Pool({ connectionString: process.env.DATABASE_URL })
  await pool.query('SELECT 2')
  await pool.query('SET app.traced_pool = 1')
  const held = await pool.connect()
  await held.query('SELECT 3')
  held.release()
  await pool.end()
  console.log(
    exporter
      .getFinishedSpans()
      .map(({ name }) => name.replace(/ test_\w+$/, ''))
      .join('\n'),
  )
}

void main()
