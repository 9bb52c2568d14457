import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { shareDatabase, type SharedDatabase } from '../../support/prisma/database.ts'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'

let database: SharedDatabase
beforeAll(async () => {
  database = await shareDatabase()
})
afterAll(() => database.stop())

interface Layers {
  readonly isPoolGuarded: boolean
  /** Names the statements of the adapter. */
  readonly isNamed: boolean
  /** @default by the length of the text */
  readonly nameOf?: (statement: { sql: string }) => string
}

async function use(
  { isPoolGuarded, isNamed, nameOf = ({ sql }) => `n${sql.length}` }: Layers,
  work: (prisma: PrismaClient, seen: RepairingGuard) => Promise<unknown>,
): Promise<void> {
  const seen = repairingGuard({ rules: { 'session/named-statement': 'allow' } })
  const { guard } = seen
  const bare = new pg.Pool({ connectionString: database.url, max: 1 })
  const pool = isPoolGuarded ? guardPool(bare, guard) : bare
  const names = isNamed ? { statementNameGenerator: nameOf } : {}
  const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool, names), guard) })
  try {
    await work(prisma.$extends(poolsafe(guard)) as unknown as PrismaClient, seen)
  } finally {
    await prisma.$disconnect()
    await pool.end()
  }
}

const layers: Layers[] = [
  { isPoolGuarded: true, isNamed: false },
  { isPoolGuarded: false, isNamed: false },
  { isPoolGuarded: true, isNamed: true },
  { isPoolGuarded: false, isNamed: true },
]

it.each([true, false])(
  'a name without room for a second one keeps its text, pool guarded: %s',
  async (isPoolGuarded) => {
    // PostgreSQL compares the first 63 bytes of a name.
    const nameOf = ({ sql }: { sql: string }): string => `${'n'.repeat(60)}${sql.length}`
    await use({ isPoolGuarded, isNamed: true, nameOf }, async (prisma, { sent, found }) => {
      await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SET app.a = '7'`
        await tx.$executeRaw`SET app.long = '7'`
      })
      expect(sent).toEqual([])
      expect(found).toEqual(
        Array(2).fill('the name of the prepared statement leaves no room for a second name (63 bytes)'),
      )
      await prisma.$transaction([prisma.$executeRaw`RESET app.a`, prisma.$executeRaw`RESET app.long`])
    })
  },
)

describe.each(layers)('Prisma, with the pool guarded: $isPoolGuarded, and named statements: $isNamed', (layer) => {
  it('repairs an interactive transaction', async () => {
    await use(layer, async (prisma, { sent, found }) => {
      await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SET app.org_id = '7'`
        await tx.$executeRaw`SET app.org_id = '7'`
        await tx.$queryRaw`SELECT set_config('app.user_id', ${'8'}, false)`
        expect(await tx.$queryRaw`SELECT current_setting('app.org_id') AS org`).toEqual([{ org: '7' }])
        expect(await tx.$executeRaw`CREATE TEMP TABLE picked AS SELECT 1 AS id UNION SELECT 2`).toBe(2)
        expect(await tx.$queryRaw`SELECT count(*)::int AS count FROM picked`).toEqual([{ count: 2 }])
        expect(await tx.$queryRaw`SELECT pg_advisory_lock(${1}::int, 2)::text`).toEqual([{ pg_advisory_lock: '' }])
        expect(await tx.$queryRaw`SELECT pg_advisory_unlock(1, 2)`).toEqual([{ pg_advisory_unlock: true }])
      })
      expect(await prisma.$queryRaw`SELECT current_setting('app.org_id', true) AS org`).toEqual([{ org: '' }])
      expect(await prisma.$queryRaw`SELECT to_regclass('pg_temp.picked')::text AS t`).toEqual([{ t: null }])
      expect(sent).toHaveLength(6)
      expect(found).toEqual([])
    })
  })

  it('repairs a batch', async () => {
    await use(layer, async (prisma, { sent, found }) => {
      const [, org] = await prisma.$transaction([
        prisma.$executeRaw`SET app.org_id = '8'`,
        prisma.$queryRaw`SELECT current_setting('app.org_id') AS org`,
      ])
      expect(org).toEqual([{ org: '8' }])
      expect(await prisma.$queryRaw`SELECT current_setting('app.org_id', true) AS org`).toEqual([{ org: '' }])
      expect(sent).toEqual(['SET LOCAL app.org_id = ?'])
      expect(found).toEqual([])
    })
  })

  it('repairs a nested transaction, and says why a lock in it is not repaired', async () => {
    await use(layer, async (prisma, { sent, found }) => {
      await prisma.$transaction(async (tx) => {
        const nested = tx as unknown as PrismaClient
        if (typeof nested.$transaction !== 'function') return
        await nested.$transaction(async (inner) => {
          await inner.$executeRaw`SET app.org_id = '9'`
        })
        expect(await tx.$queryRaw`SELECT current_setting('app.org_id') AS org`).toEqual([{ org: '9' }])
      })
      expect(await prisma.$queryRaw`SELECT current_setting('app.org_id', true) AS org`).not.toEqual([{ org: '9' }])
      expect(sent.filter((text) => text !== 'SET LOCAL app.org_id = ?')).toEqual([])
      expect(found).toEqual([])
    })
  })

  it('says why a single operation is not repaired', async () => {
    await use(layer, async (prisma, { sent, found }) => {
      await prisma.$executeRaw`SET app.org_id = '9'`
      expect(sent).toEqual([])
      expect(found).toEqual([expect.stringMatching(/borrowed for this statement/)])
      await prisma.$executeRaw`RESET app.org_id`
    })
  })
})
