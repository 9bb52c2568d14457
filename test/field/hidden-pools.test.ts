import { createGuard, type ConnectionLostEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
let admin: pg.Client
beforeAll(async () => {
  server = await sharedPostgres()
  admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

async function terminateOthers(): Promise<void> {
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  )
}

interface Heard {
  readonly guard: ReturnType<typeof createGuard>
  readonly lost: ConnectionLostEvent[]
  readonly warnings: string[]
}

function listen(): Heard {
  const warnings: string[] = []
  const guard = createGuard({ logger: { warn: (message: string) => void warnings.push(message) } })
  const lost: ConnectionLostEvent[] = []
  guard.on('connectionLost', (event) => void lost.push(event))
  return { guard, lost, warnings }
}

describe('an idle connection that is lost in an unguarded pool', () => {
  it.each<[string, pg.PoolConfig]>([
    ['as it is', {}],
    ['with query_timeout', { query_timeout: 10_000 }],
    ['in pipeline mode', { pipeline: true }],
  ])('does not end the process: Kysely with guardDialect, %s', async (_name, config) => {
    const { guard, lost, warnings } = listen()
    const pool = new pg.Pool({ connectionString: server.url, max: 2, ...config })
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await Promise.all([sql`SELECT pg_sleep(0.05)`.execute(db), sql`SELECT pg_sleep(0.05)`.execute(db)])
    await terminateOthers()
    await vi.waitFor(() => expect(lost).toHaveLength(2))
    expect(lost[0]).toMatchObject({ reason: 'terminated', pool: undefined })
    expect(warnings).toHaveLength(1)
    expect(pool.totalCount).toBe(0)
    expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    await db.destroy()
  })

  it('does not end the process while a transaction holds it: Kysely with guardDialect', async () => {
    const { guard, lost } = listen()
    const pool = new pg.Pool({ connectionString: server.url, max: 2 })
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    const work = db.transaction().execute(async (trx) => {
      await sql`SELECT 1`.execute(trx)
      await terminateOthers()
      await vi.waitFor(() => expect(lost).toHaveLength(1))
      await sql`SELECT 2`.execute(trx)
    })
    await expect(work).rejects.toThrow('Client has encountered a connection error and is not queryable')
    expect(lost).toMatchObject([{ reason: 'terminated' }])
    expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    await db.destroy()
  })

  it('leaves the errors of the application’s own callbacks alone', async () => {
    const { guard } = listen()
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await sql`SELECT 1`.execute(db)
    const thrown = vi.fn<(error: Error) => void>()
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', thrown)
    pool.query('SELECT nonsense', (error) => {
      throw error
    })
    await vi.waitFor(() => expect(thrown).toHaveBeenCalledOnce())
    for (const listener of listeners) process.on('uncaughtException', listener)
    await db.destroy()
  })

  it('is heard by the listeners of the application', async () => {
    const { guard } = listen()
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const heard: unknown[] = []
    pool.on('error', (error) => void heard.push(error))
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await sql`SELECT 1`.execute(db)
    await terminateOthers()
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    await db.destroy()
  })

  it('does not end the process, and is counted: the own pool of Prisma', async () => {
    const { guard, lost } = listen()
    const prisma = new PrismaClient({
      adapter: guardAdapter(new PrismaPg({ connectionString: server.url, max: 1 }), guard),
    })
    await prisma.$queryRaw`SELECT 1`
    await terminateOthers()
    await vi.waitFor(() => expect(lost).toHaveLength(1))
    expect(guard.stats().pools[0]?.connectionsLost.terminated).toBe(1)
    expect(await prisma.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }])
    await prisma.$disconnect()
  })
})
