import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { narrowStage } from '../../support/servers/narrow-stage.ts'
import { leftBehind } from '../../support/session/left-behind.ts'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'

const stage = narrowStage(`
  CREATE TABLE parents (id int PRIMARY KEY);
  CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
`)

const layers = [
  { isPoolGuarded: true, isNamed: false },
  { isPoolGuarded: false, isNamed: false },
  { isPoolGuarded: true, isNamed: true },
  { isPoolGuarded: false, isNamed: true },
]

describe.each(layers)('Prisma, with the pool guarded: $isPoolGuarded, and named statements: $isNamed', (layer) => {
  async function use(work: (prisma: PrismaClient, seen: RepairingGuard) => Promise<unknown>): Promise<void> {
    const seen = repairingGuard({ rules: { 'session/named-statement': 'allow' } })
    const bare = new pg.Pool({ connectionString: stage.url, max: 1 })
    const pool = layer.isPoolGuarded ? guardPool(bare, seen.guard) : bare
    const names = layer.isNamed ? { statementNameGenerator: ({ sql }: { sql: string }) => `n${sql.length}` } : {}
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool, names), seen.guard) })
    try {
      await work(prisma.$extends(poolsafe(seen.guard)) as unknown as PrismaClient, seen)
    } finally {
      await prisma.$disconnect()
      await pool.end()
    }
  }

  /** The names of the adapter's own statements stay, as without a repair. */
  async function left(): Promise<string[]> {
    return (await leftBehind(stage.stranger)).filter((what) => !/^prepared statement (?:poolsafe_)?n\d+$/.test(what))
  }

  it('clears what a transaction leaves', async () => {
    await use(async (prisma, { found }) => {
      const rows = await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`PREPARE one AS SELECT 1 AS n`
        await tx.$executeRaw`CREATE TEMP VIEW v AS SELECT 2 AS n`
        return tx.$queryRaw`SELECT n FROM v`
      })
      expect(rows).toEqual([{ n: 2 }])
      expect(await left()).toEqual([])
      await prisma.$transaction([prisma.$executeRaw`PREPARE two AS SELECT 1`, prisma.$queryRaw`SELECT 1`])
      expect(await left()).toEqual([])
      expect(found).toEqual([])
    })
  })

  it('clears what survives a rollback', async () => {
    await use(async (prisma) => {
      const failed = prisma.$transaction(async (tx) => {
        await tx.$executeRaw`PREPARE one AS SELECT 1 AS n`
        throw new Error('the application')
      })
      await expect(failed).rejects.toThrow('the application')
      expect(await left()).toEqual([])
      const refused = prisma.$transaction([prisma.$executeRaw`PREPARE two AS SELECT 1`, prisma.$queryRaw`SELECT 1 / 0`])
      await expect(refused).rejects.toThrow('division by zero')
      expect(await left()).toEqual([])
    })
  })

  it('passes on the error of a COMMIT, and the next transaction works', async () => {
    await use(async (prisma, { found }) => {
      const failed = prisma.$transaction(async (tx) => {
        await tx.$executeRaw`PREPARE one AS SELECT 1 AS n`
        await tx.$executeRaw`INSERT INTO children VALUES (7)`
      })
      await expect(failed).rejects.toThrow('ForeignKeyConstraintViolation')
      expect(await left()).toEqual(['prepared statement one'])
      expect(found).toEqual([expect.stringContaining('the end of the transaction failed')])
      expect(await prisma.$transaction([prisma.$queryRaw`SELECT 1 AS n`])).toEqual([[{ n: 1 }]])
    })
  })
})
