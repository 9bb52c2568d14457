import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardDialect } from '@poolsafe/kysely'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const guard = createGuard({ logger: { warn: () => {} } })

function open(max: number): pg.Pool {
  return guardPool(new pg.Pool({ connectionString: server.url, max }), guard, { acquireTimeoutMillis: 60_000 })
}

/** Ways to ask for one statement over a pool. */
const ways: readonly (readonly [string, (pool: pg.Pool) => Promise<unknown>])[] = [
  ['pool.query', (pool) => pool.query('SELECT 1')],
  [
    'Kysely',
    (pool) => sql`SELECT 1`.execute(new Kysely({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })),
  ],
  [
    'Prisma',
    async (pool) => await new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }).$queryRaw`SELECT 1`,
  ],
]

describe.each(ways)('the size of a pool in use: %s', (_name, ask) => {
  it('that the application raises lets the waiting call in, without a release', async () => {
    const pool = open(1)
    const held = await pool.connect()
    const waiting = ask(pool)
    await expect.poll(() => pool.waitingCount).toBe(1)
    pool.options.max = 2
    await expect(waiting).resolves.toBeDefined()
    held.release()
    await pool.end()
  })

  it('that the application lowers does not keep an idle connection from a call', async () => {
    const pool = open(3)
    const held = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    pool.options.max = 1
    held[0]?.release()
    await expect(ask(pool)).resolves.toBeDefined()
    expect(pool.totalCount).toBe(3)
    for (const client of held.slice(1)) client.release()
    await pool.end()
  })
})
