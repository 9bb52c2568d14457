import { startHostilePooler, type HostilePoolerOptions, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let postgres: SharedPostgres
let pooler: HostilePoolerServer
const clients: pg.Client[] = []

beforeAll(async () => {
  postgres = await sharedPostgres()
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()))
  await pooler.stop()
})
afterAll(() => postgres.stop())

async function start(options: Partial<HostilePoolerOptions>): Promise<HostilePoolerServer> {
  return (pooler = await startHostilePooler({ target: postgres, ...options }))
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return client
}

async function codeOf(query: Promise<unknown>): Promise<unknown> {
  return query.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  )
}

test('limits hold for connections', async () => {
  await start({ maxConnections: 2 })
  const first = await connect(pooler.url)
  await connect(pooler.url)
  expect(await codeOf(connect(pooler.url))).toBe('53300')
  expect((await first.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('limits hold for messages', async () => {
  await start({ maxMessageBytes: 10_000 })
  const client = await connect(pooler.url)
  expect((await client.query('SELECT length($1::text) AS length', ['x'.repeat(9_000)])).rows).toEqual([
    { length: 9_000 },
  ])
  expect(await codeOf(client.query('SELECT length($1::text)', ['x'.repeat(20_000)]))).toBe('54000')
})

test('limits do not hold for what PostgreSQL answers', async () => {
  await start({ maxMessageBytes: 10_000 })
  const client = await connect(pooler.url)
  const { rows } = await client.query<{ text: string }>(
    "SELECT repeat('x', 5000000) AS text FROM generate_series(1, 3)",
  )
  expect(rows.map(({ text }) => text.length)).toEqual([5_000_000, 5_000_000, 5_000_000])
})
