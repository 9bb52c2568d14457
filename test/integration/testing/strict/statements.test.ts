import '@poolsafe/testing/matchers'
import { createGuard } from '@poolsafe/core'
import { statementListener } from '@poolsafe/core/internal'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kyselyAdapter } from '../../../conformance/kysely-adapter.ts'
import { pgAdapter } from '../../../conformance/pg-adapter.ts'
import { prismaAdapter } from '../../../conformance/prisma-adapter.ts'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

// A statement is reported once, at the layer that judges it, whatever is above and below.

let postgres: SharedPostgres

beforeAll(async () => {
  postgres = await sharedPostgres()
})

afterAll(() => postgres.stop())

/** The statements that guards reported. */
async function toldOf(work: () => Promise<unknown>): Promise<string[]> {
  const told: string[] = []
  statementListener.current = (text) => void told.push(text)
  try {
    await work()
  } finally {
    statementListener.current = undefined
  }
  return told
}

describe.each([pgAdapter, kyselyAdapter, prismaAdapter])('$name', (adapter) => {
  it('reports each statement once', async () => {
    const opened = adapter.open(postgres.url, createGuard({ logger: { warn: () => undefined } }))
    const told = await toldOf(async () => {
      await opened.query('SELECT 1')
      await opened.transaction(async (query) => {
        await query('SELECT 2')
        await query('SELECT 2')
      })
      await opened.query('SELECT set_config($$a.b$$, $$c$$, true) WHERE false')
    })
    await opened.close()
    expect(told.filter((text) => text.startsWith('SELECT'))).toEqual([
      'SELECT 1',
      'SELECT 2',
      'SELECT 2',
      'SELECT set_config($$a.b$$, $$c$$, true) WHERE false',
    ])
  })
})

describe.each([pgAdapter, kyselyAdapter, prismaAdapter])('$name with mode repair', (adapter) => {
  it('counts and shows the statements as the application wrote them', async () => {
    const guard = createGuard({ mode: 'repair', logger: { warn: () => undefined } })
    const sent: string[] = []
    guard.on('repaired', (event) => void sent.push(event.sent))
    const opened = adapter.open(postgres.url, guard)
    const work = (): Promise<unknown> =>
      opened.transaction(async (query) => {
        await query("SET app.a = 'x'")
        await query('PREPARE one AS SELECT 1')
        await query('CREATE TEMP VIEW v AS SELECT 1')
        await query('SELECT pg_advisory_lock(7)::text')
      })
    await expect(work).toQueryAtMost(4)
    expect(sent).toHaveLength(4)
    const failure: unknown = await expect(work)
      .toQueryAtMost(3)
      .catch((error: unknown) => error)
    const { message } = failure as Error
    expect(message).toContain('expected at most 3 statements, 4 were sent')
    expect(message).toContain('SET app.a = ?')
    expect(message).not.toMatch(/LOCAL|DEALLOCATE|DISCARD|CHAIN|xact/)
    await opened.close()
  })
})

describe('over a pool that is guarded as well', () => {
  it('Kysely reports each statement once', async () => {
    const guard = createGuard()
    const pool = guardPool(new pg.Pool({ connectionString: postgres.url }), guard)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await expect(() => db.transaction().execute((trx) => sql`SELECT 1`.execute(trx))).toQueryAtMost(1)
    expect(await toldOf(() => sql`SELECT 1`.execute(db))).toEqual(['SELECT 1'])
    await db.destroy()
  })

  it('Prisma reports each statement once', async () => {
    const guard = createGuard()
    const pool = guardPool(new pg.Pool({ connectionString: postgres.url }), guard)
    const client = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }).$extends(poolsafe(guard))
    const told = await toldOf(() => client.$transaction((tx) => tx.$executeRawUnsafe('SELECT 1')))
    await client.$disconnect()
    await pool.end()
    expect(told).toEqual(['BEGIN', 'SELECT 1', 'COMMIT'])
  })
})
