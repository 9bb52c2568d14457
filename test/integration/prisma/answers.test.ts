import { createGuard, UnsafeStatementError, type Guard, type GuardOptions, type RuleId } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { shareDatabase, type SharedDatabase } from '../../support/prisma/database.ts'

let database: SharedDatabase
beforeAll(async () => {
  database = await shareDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.stop())

const rules = { 'session/advisory-lock': 'allow' } as const

async function use(
  options: GuardOptions,
  isPoolGuarded: boolean,
  work: (prisma: PrismaClient, guard: Guard) => Promise<unknown>,
): Promise<RuleId[]> {
  const found: RuleId[] = []
  const guard = createGuard({ rules, logger: { warn() {} }, ...options })
  guard.on('finding', ({ findings }) => void found.push(...findings.map(({ rule }) => rule)))
  const bare = new pg.Pool({ connectionString: database.url, max: 1 })
  const pool = isPoolGuarded ? guardPool(bare, guard) : bare
  const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) })
  try {
    await work(prisma.$extends(poolsafe(guard)) as unknown as PrismaClient, guard)
  } finally {
    await prisma.$disconnect()
    await pool.end()
  }
  return found
}

describe.each([true, false])('an unlock that found no lock, with the pool guarded: %s', (isPoolGuarded) => {
  it('is reported, and its answer is still returned', async () => {
    const found = await use({}, isPoolGuarded, async (prisma) => {
      expect(await prisma.$queryRaw`SELECT pg_advisory_unlock(42) AS unlocked`).toEqual([{ unlocked: false }])
    })
    expect(found).toEqual(['session/unlock-not-held'])
  })

  it('is rejected in strict mode', async () => {
    await use({ mode: 'strict' }, isPoolGuarded, async (prisma) => {
      const error: unknown = await prisma.$queryRaw`SELECT pg_advisory_unlock(42)`.catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect(error).toMatchObject({ rule: 'session/unlock-not-held', wasSent: true, operation: '$queryRaw' })
    })
  })
})

describe('a COMMIT of $transaction that was rolled back', () => {
  /** The second row violates a constraint; the error is swallowed. */
  const transfer = (prisma: PrismaClient): Promise<unknown> =>
    prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'a@example.com' } })
      await tx.user.create({ data: { email: 'a@example.com' } }).catch(() => {})
    })

  it('is a success for Prisma, though nothing was saved; the guarded pool reports it', async () => {
    const found = await use({}, true, async (prisma) => {
      await transfer(prisma)
      expect(await prisma.user.count()).toBe(0)
    })
    expect(found).toEqual(['transaction/commit-rolled-back'])
  })

  it('is rejected in strict mode, and the connection goes back to the pool', async () => {
    await use({ mode: 'strict' }, true, async (prisma) => {
      await expect(transfer(prisma)).rejects.toMatchObject({ rule: 'transaction/commit-rolled-back', wasSent: true })
      // The pool has one connection: this call would wait forever if it were lost.
      expect(await prisma.user.count()).toBe(0)
    })
  })
})
