import { findPoolsafeError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { ForeignPoolError, guardAdapter, poolsafe, UnguardedClientError } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { watchedGuard } from '../../support/prisma/guarded.ts'

const url = 'postgresql://app:geheim@127.0.0.1:1/nothing'
const ours = (): pg.Pool => new pg.Pool({ connectionString: url })
/** The pool of another copy of pg than the adapter's. */
const foreign = (): pg.Pool => new pgOldest.Pool({ connectionString: url })

describe('a pool of another copy of pg', () => {
  it('is not what PrismaPg uses', async () => {
    const pool = foreign()
    const used = (await new PrismaPg(pool).connect()).underlyingDriver()
    expect(used).not.toBe(pool)
    const own = ours()
    expect((await new PrismaPg(own).connect()).underlyingDriver()).toBe(own)
  })

  it('is refused by guardAdapter in strict mode, and reported once otherwise', () => {
    const strict = watchedGuard('strict')
    expect(() => guardAdapter(new PrismaPg(guardPool(foreign(), strict.guard)), strict.guard)).toThrow(ForeignPoolError)
    const warn = watchedGuard('warn')
    const adapter = guardAdapter(new PrismaPg(guardPool(foreign(), warn.guard)), warn.guard)
    new PrismaClient({ adapter }).$extends(poolsafe(warn.guard))
    expect(warn.warnings).toEqual([expect.stringContaining('does not use the pool that it was given')])
    expect(warn.warnings.join()).not.toContain('geheim')
  })

  it('does not pass for the guard of a client that has the extension', () => {
    const { guard } = watchedGuard('strict')
    const prisma = new PrismaClient({ adapter: new PrismaPg(guardPool(foreign(), guard)) })
    const attempt = (): unknown => prisma.$extends(poolsafe(guard))
    expect(attempt).toThrow(ForeignPoolError)
    expect(attempt).not.toThrow(UnguardedClientError)
    expect(findPoolsafeError(caught(attempt))?.message).toContain('@prisma/adapter-pg')
  })
})

describe('a pool of the adapter’s own copy', () => {
  it.each(['strict', 'warn'] as const)('is told of nowhere in %s mode', (mode) => {
    const { guard, warnings, findings } = watchedGuard(mode)
    const adapter = guardAdapter(new PrismaPg(guardPool(ours(), guard)), guard)
    const attempt = (): unknown => new PrismaClient({ adapter }).$extends(poolsafe(guard))
    expect(attempt).not.toThrow()
    expect(guardAdapter(new PrismaPg({ connectionString: url }), guard)).toBeInstanceOf(PrismaPg)
    expect([...warnings, ...findings]).toEqual([])
  })
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
