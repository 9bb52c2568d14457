import { createGuard } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { expect, expectTypeOf, it } from 'vitest'
import type { PrismaClient } from './generated/index.js'
import { prisma6 } from './prisma-6.ts'

it("fits the types of Prisma 6, and keeps the client's own", () => {
  const guard = createGuard({ mode: 'strict' })
  const adapter = guardAdapter(new PrismaPg({ connectionString: 'postgresql://nobody@127.0.0.1:1/nothing' }), guard)
  expectTypeOf(adapter).toEqualTypeOf<PrismaPg>()

  const Client = prisma6.PrismaClient as unknown as new (options: { adapter: PrismaPg }) => PrismaClient
  const prisma = new Client({ adapter }).$extends(poolsafe(guard))
  // Prisma's promises are sent when they are awaited, and this one is not.
  const users = prisma.user.findMany({ select: { email: true, posts: { select: { title: true } } } })
  expectTypeOf(users).resolves.toEqualTypeOf<{ email: string; posts: { title: string }[] }[]>()
  expect(Object.prototype.toString.call(users)).toBe('[object PrismaPromise]')
})
