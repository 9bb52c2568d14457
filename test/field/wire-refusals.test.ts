import { classifyFailure, createGuard, UnsafeStatementError, type Guard } from '@poolsafe/core'
import { guardClient, guardPool } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import { PrismaPg } from '@prisma/adapter-pg'
import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'
import { startPgBouncer } from '../support/servers/pgbouncer.ts'

let server: SharedPostgres
let pooler: PgBouncerServer
beforeAll(async () => {
  server = await sharedPostgres()
  pooler = await startPgBouncer({
    target: server,
    defaultPoolSize: 1,
    settings: { query_wait_timeout: '1' },
  })
})
afterAll(async () => {
  await pooler.stop()
  await server.stop()
})

function strict(): { readonly guard: Guard; readonly found: string[] } {
  const guard = createGuard({ mode: 'strict', logger: { warn: () => {} } })
  const found: string[] = []
  guard.on('finding', ({ findings }) => found.push(...findings.map(({ rule }) => rule)))
  return { guard, found }
}

it('a BEGIN that the pooler refuses has opened no transaction: its own error comes, and nothing is found', async () => {
  const holder = new pg.Client(pooler.url)
  await holder.connect()
  await holder.query('BEGIN')
  const { guard, found } = strict()
  const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 1 }), guard)
  pool.on('error', () => {})
  const client = await pool.connect()
  await expect(client.query('BEGIN')).rejects.toMatchObject({ code: '08P01', message: 'query_wait_timeout' })
  client.release()
  expect(found).toEqual([])
  await holder.query('ROLLBACK')
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await pool.end()
  await holder.end()
})

it('a result that a migration has changed is a stale plan, with its remedy', async () => {
  const migration = new pg.Client(server.url)
  const client = new pg.Client(pooler.url)
  await Promise.all([migration.connect(), client.connect()])
  await migration.query('CREATE TABLE planned (a int)')
  const ask = { name: 'planned', text: 'SELECT * FROM planned' }
  await client.query(ask)
  await migration.query('ALTER TABLE planned ADD COLUMN b int')
  const error: unknown = await client.query(ask).catch((failure: unknown) => failure)
  expect(error).toMatchObject({ code: '0A000' })
  expect(classifyFailure(error)).toMatchObject({ kind: 'stalePlan', isTransient: false })
  expect(classifyFailure(error)?.instead).toMatch(/unnamed statements.*RECONNECT/)
  await Promise.all([migration.end(), client.end()])
})

describe('statements by name', () => {
  it('are judged when Prisma names them, and its generator is asked once for each', async () => {
    const { guard, found } = strict()
    let asked = 0
    const factory = new PrismaPg(
      { connectionString: server.url, max: 1 },
      { statementNameGenerator: () => `s${asked++}` },
    )
    const prisma = new PrismaClient({ adapter: guardAdapter(factory, guard) })
    const error: unknown = await prisma.$queryRawUnsafe('SELECT 1').catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(found).toEqual(['session/named-statement'])
    await guard.allow('session/named-statement', 'a test', () => prisma.$queryRawUnsafe('SELECT 2'))
    expect(asked).toBe(2)
    await prisma.$disconnect()
  })

  it('are judged when only the name is sent: BEGIN, SET and COMMIT', async () => {
    const guard = createGuard({ mode: 'strict', rules: { 'session/named-statement': 'allow' } })
    const client = guardClient(new pg.Client(server.url), guard)
    await client.connect()
    await client.query({ name: 'b', text: 'BEGIN' })
    await client.query({ name: 's', text: "SET app.tenant = 'a'" })
    await client.query({ name: 'r', text: 'ROLLBACK' })
    await expect(client.query({ name: 's' } as pg.QueryConfig)).rejects.toBeInstanceOf(UnsafeStatementError)
    await client.query({ name: 'b' } as pg.QueryConfig)
    await client.query({ name: 's' } as pg.QueryConfig)
    await expect(client.query('COMMIT')).rejects.toBeInstanceOf(UnsafeStatementError)
    await client.query({ name: 'r' } as pg.QueryConfig)
    await client.end()
  })
})

it('the hostile pooler closes logins that are never finished', async () => {
  const hostile = await startHostilePooler({ target: server, loginTimeoutMillis: 1000 })
  const sockets = Array.from({ length: 20 }, () => connect(hostile.port, '127.0.0.1').resume())
  await Promise.all(sockets.map((socket) => once(socket, 'close')))
  const client = new pg.Client(hostile.url)
  await client.connect()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await client.end()
  await hostile.stop()
})
