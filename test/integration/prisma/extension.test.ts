import { createGuard, isPoolsafeError } from '@poolsafe/core'
import { origins } from '@poolsafe/core/internal'
import { guardAdapter, poolsafe, UnguardedClientError } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { guardPool } from '@poolsafe/pg'
import { Prisma, PrismaClient } from '../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../support/prisma/database.ts'
import { watchedGuard } from '../../support/prisma/guarded.ts'

const unconnected = { connectionString: 'postgresql://nobody@127.0.0.1:1/nothing' }

describe('poolsafe(), on a client with an unguarded adapter', () => {
  it('throws in strict mode what to write', () => {
    const prisma = new PrismaClient({ adapter: new PrismaPg(unconnected) })
    const attempt = (): unknown => prisma.$extends(poolsafe({ mode: 'strict' }))
    expect(attempt).toThrow(UnguardedClientError)
    expect(attempt).toThrow('@prisma/adapter-pg')
    expect(attempt).toThrow('new PrismaClient({ adapter: guardAdapter(new PrismaPg(…), guard) })')
    expect(attempt).toThrow(expect.toSatisfy(isPoolsafeError))
  })

  it('logs it once in warn mode, and works', () => {
    const { guard, warnings } = watchedGuard('warn')
    for (let count = 1; count <= 2; count++)
      new PrismaClient({ adapter: new PrismaPg(unconnected) }).$extends(poolsafe(guard))
    expect(warnings).toEqual([expect.stringContaining('guardAdapter')])
  })

  it('reports nothing with mode off, and returns the client', () => {
    const prisma = new PrismaClient({ adapter: new PrismaPg(unconnected) })
    expect(prisma.$extends(poolsafe({ mode: 'off' }))).toBe(prisma)
  })

  it('is content with a guarded pool below', async () => {
    const guard = createGuard({ mode: 'strict' })
    const pool = guardPool(new pg.Pool(unconnected), guard)
    expect(() => new PrismaClient({ adapter: new PrismaPg(pool) }).$extends(poolsafe(guard))).not.toThrow()
    await pool.end()
  })

  it('looks through extensions that were there before', () => {
    const guard = createGuard({ mode: 'strict' })
    const named = Prisma.defineExtension({ name: 'other' })
    const plain = new PrismaClient({ adapter: new PrismaPg(unconnected) }).$extends(named)
    const guarded = new PrismaClient({ adapter: guardAdapter(new PrismaPg(unconnected), guard) }).$extends(named)
    expect(() => plain.$extends(poolsafe(guard))).toThrow(UnguardedClientError)
    expect(() => guarded.$extends(poolsafe(guard))).not.toThrow()
  })
})

describe('poolsafe(), among other extensions', () => {
  let database: Database
  beforeAll(async () => {
    database = await startDatabase()
  })
  afterAll(() => database.stop())

  it('keeps the types of models, results and extensions', async () => {
    const guard = createGuard()
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg({ connectionString: database.url }), guard) })
      .$extends({ model: { user: { emails: async (): Promise<string[]> => [] } } })
      .$extends(poolsafe(guard))
      .$extends({
        result: { user: { shout: { needs: { email: true }, compute: ({ email }) => email.toUpperCase() } } },
      })
    await prisma.user.create({ data: { email: 'ann@example.test', posts: { create: { title: 'one' } } } })

    const users = await prisma.user.findMany({ select: { shout: true, posts: { select: { title: true } } } })
    expectTypeOf(users).toEqualTypeOf<{ shout: string; posts: { title: string }[] }[]>()
    expect(users.map(({ shout, posts }) => ({ shout, posts }))).toEqual([
      { shout: 'ANN@EXAMPLE.TEST', posts: [{ title: 'one' }] },
    ])

    const both = await prisma.$transaction([prisma.user.count(), prisma.user.findFirst({ select: { email: true } })])
    expectTypeOf(both).toEqualTypeOf<[number, { email: string } | null]>()
    expect(both).toEqual([1, { email: 'ann@example.test' }])

    const inside = await prisma.$transaction((tx) => tx.user.emails())
    expectTypeOf(inside).toEqualTypeOf<string[]>()
    expect(inside).toEqual([])

    // @ts-expect-error the model has no such field
    await expect(prisma.user.findMany({ where: { nothing: 1 } })).rejects.toThrow('nothing')
    await prisma.$disconnect()
  })

  it('passes the running operation to the layers below', async () => {
    const seen: (string | undefined)[] = []
    const guard = createGuard()
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg({ connectionString: database.url }), guard) })
      .$extends(poolsafe(guard))
      .$extends({
        query: {
          $allOperations: ({ args, query }) => {
            seen.push(origins.getStore()?.operation)
            return query(args)
          },
        },
      })
    await prisma.user.count()
    await prisma.$queryRaw`SELECT 1`
    await Promise.all([prisma.post.findMany(), prisma.tag.findFirst()])
    await prisma.$transaction([prisma.user.count(), prisma.$executeRaw`SELECT 1`])
    await prisma.$transaction((tx) => tx.profile.count())
    await prisma.$disconnect()
    const array = ['$transaction', '$transaction']
    expect(seen).toEqual(['User.count', '$queryRaw', 'Post.findMany', 'Tag.findFirst', ...array, 'Profile.count'])
    expect(origins.getStore()).toBeUndefined()
  })

  it('leaves a Prisma promise unsent until it is awaited', async () => {
    const guard = createGuard()
    const prisma = new PrismaClient({
      adapter: guardAdapter(new PrismaPg({ connectionString: database.url }), guard),
    }).$extends(poolsafe(guard))
    let counting: PromiseLike<unknown> | undefined
    const before = await database.received(async () => {
      counting = prisma.$queryRaw`SELECT 'lazy'`
      await prisma.$queryRaw`SELECT 'eager'`
    })
    const after = await database.received(async () => await counting)
    await prisma.$disconnect()
    expect([before, after]).toEqual([["SELECT 'eager'"], ["SELECT 'lazy'"]])
  })
})
