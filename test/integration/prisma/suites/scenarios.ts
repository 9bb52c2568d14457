import { expect } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import type { Subject } from '../../../support/prisma/subject.ts'

/** Something that an application does with its client, and its outcome. */
export interface Scenario {
  readonly name: string
  readonly run: (prisma: PrismaClient, subject: Subject) => Promise<unknown>
  /** A part of the outcome, with or without poolsafe: so that two clients which both do nothing are not equal. */
  readonly outcome?: object
}

async function addUsers(prisma: PrismaClient, ...names: string[]): Promise<void> {
  await prisma.user.createMany({ data: names.map((name) => ({ name, email: `${name}@example.test` })) })
}

/** The contents of the tables at the end. */
export async function contentOf(prisma: PrismaClient): Promise<unknown> {
  return prisma.user.findMany({
    orderBy: { id: 'asc' },
    include: { profile: true, posts: { omit: { createdAt: true }, include: { tags: true }, orderBy: { id: 'asc' } } },
  })
}

const models: Scenario[] = [
  {
    name: 'model operations',
    run: async (prisma) => {
      await addUsers(prisma, 'ann', 'bob', 'cid')
      return [
        await prisma.user.create({ data: { email: 'dan@example.test' } }),
        await prisma.user.update({ where: { id: 1 }, data: { name: 'anna' } }),
        await prisma.user.upsert({ where: { id: 2 }, create: { email: 'x' }, update: { name: null } }),
        await prisma.user.delete({ where: { id: 3 } }),
        await prisma.user.findFirst({ where: { name: { startsWith: 'an' } } }),
        await prisma.user.count(),
        await prisma.user.aggregate({ _max: { id: true } }),
        await prisma.user.groupBy({ by: ['name'], _count: true, orderBy: { name: 'asc' } }),
        await prisma.user.updateManyAndReturn({ data: { name: 'all' }, select: { id: true } }),
      ]
    },
  },
  {
    name: 'nested writes',
    run: (prisma) => {
      const tags = { connectOrCreate: [{ where: { name: 'sql' }, create: { name: 'sql' } }] }
      const posts = { create: [{ title: 'one', tags }, { title: 'two' }] }
      return prisma.user.create({
        data: { email: 'ann@example.test', profile: { create: { bio: 'writes' } }, posts },
        include: { profile: true, posts: { omit: { createdAt: true }, include: { tags: true } } },
      })
    },
  },
  {
    name: 'the fluent API',
    run: async (prisma) => {
      await prisma.user.create({ data: { email: 'ann@example.test', posts: { create: { title: 'one' } } } })
      const author = await prisma.post.findUnique({ where: { id: 1 } }).author()
      return [author, await prisma.user.findUnique({ where: { id: 1 } }).posts({ select: { title: true } })]
    },
  },
  {
    name: 'findUnique calls of one tick, which Prisma sends as one statement',
    run: async (prisma) => {
      await addUsers(prisma, 'ann', 'bob', 'cid')
      return Promise.all([3, 1, 2, 4].map((id) => prisma.user.findUnique({ where: { id } })))
    },
  },
]

const raw: Scenario[] = [
  {
    name: 'raw statements',
    run: async (prisma, { Prisma }) => {
      await addUsers(prisma, 'ann', 'bob')
      const ids = Prisma.join([1, 2])
      return [
        await prisma.$queryRaw`SELECT id, name FROM "User" WHERE id IN (${ids}) ORDER BY id`,
        await prisma.$queryRaw(Prisma.sql`SELECT ${'x'} AS x`),
        await prisma.$executeRaw`UPDATE "User" SET name = ${'eve'} WHERE id = ${2}`,
        await prisma.$queryRawUnsafe('SELECT name FROM "User" WHERE id = $1', 2),
        await prisma.$executeRawUnsafe('DELETE FROM "User" WHERE name = $1', 'eve'),
      ]
    },
  },
  {
    name: 'TypedSQL',
    run: async (prisma, { makeTypedQueryFactory }) => {
      await addUsers(prisma, 'ann', 'bob')
      const userById = makeTypedQueryFactory('SELECT id, name FROM "User" WHERE id = $1')
      return prisma.$queryRawTyped(userById(2) as never)
    },
    outcome: [{ id: 2, name: 'bob' }],
  },
  {
    name: 'statements that are found unsafe, and are sent all the same',
    run: async (prisma) => [
      await prisma.$executeRawUnsafe("SET app.color = 'red'"),
      await prisma.$queryRawUnsafe("SELECT set_config('app.color', 'blue', false)"),
      await prisma.$queryRaw`SELECT pg_advisory_lock(1)::text`,
      await prisma.$executeRaw`SET LOCAL app.color = 'green'`,
      await prisma.$queryRaw`SELECT current_setting('app.color') AS color`,
      await prisma.$queryRaw`SELECT pg_advisory_unlock(1)`,
      await prisma.$executeRaw`RESET app.color`,
    ],
  },
]

const transactions: Scenario[] = [
  {
    name: 'an array in one transaction',
    run: (prisma) =>
      prisma.$transaction(
        [
          prisma.user.create({ data: { email: 'ann@example.test' } }),
          prisma.$queryRaw`SELECT current_setting('transaction_isolation') AS level`,
          prisma.$executeRaw`UPDATE "User" SET name = 'ann'`,
          prisma.user.findMany(),
        ],
        { isolationLevel: 'Serializable' },
      ),
    outcome: [{ id: 1 }, [{ level: 'serializable' }], 1, [{ name: 'ann' }]],
  },
  {
    name: 'an array of one',
    run: (prisma) => prisma.$transaction([prisma.user.create({ data: { email: 'ann@example.test' } })]),
  },
  {
    name: 'an array that fails',
    run: async (prisma) =>
      prisma.$transaction([
        prisma.user.create({ data: { email: 'ann@example.test' } }),
        prisma.$executeRaw`SELECT 1 / 0`,
      ]),
    outcome: { code: 'P2010' },
  },
  {
    name: 'an array of what is no Prisma promise',
    run: async (prisma) => prisma.$transaction([Promise.resolve(1) as never]),
  },
  {
    name: 'an interactive transaction',
    run: (prisma) =>
      prisma.$transaction(
        async (tx) => [
          await tx.user.create({
            data: { email: 'ann@example.test', posts: { create: { title: 'one' } } },
            include: { profile: true },
          }),
          await tx.$executeRaw`SET LOCAL app.color = 'green'`,
          await tx.$queryRaw`SELECT current_setting('app.color') AS color, current_setting('transaction_isolation') AS level`,
          await Promise.all([tx.user.count(), tx.post.count()]),
        ],
        { isolationLevel: 'RepeatableRead' },
      ),
    outcome: [{ id: 1 }, 0, [{ color: 'green', level: 'repeatable read' }], [1, 1]],
  },
  {
    name: 'an interactive transaction that is rolled back',
    run: (prisma) =>
      prisma.$transaction(async (tx) => {
        await addUsers(tx as PrismaClient, 'ann')
        throw new RangeError('changed my mind')
      }),
    outcome: { name: 'RangeError' },
  },
  {
    name: 'the methods that a transaction has',
    run: (prisma) =>
      prisma.$transaction(async (tx) =>
        Object.entries({ ...pick(tx, '$connect', '$disconnect', '$on', '$extends', '$transaction', '$queryRaw') }).map(
          ([name, value]) => `${name} ${typeof value}`,
        ),
      ),
  },
]

function pick(tx: object, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, (tx as Record<string, unknown>)[name]]))
}

const failures: Scenario[] = [
  {
    name: 'a unique constraint, P2002',
    run: async (prisma) => {
      await addUsers(prisma, 'ann')
      await addUsers(prisma, 'ann')
    },
    outcome: { code: 'P2002' },
  },
  {
    name: 'a missing record, P2025',
    run: (prisma) => prisma.user.delete({ where: { id: 7 } }),
    outcome: { code: 'P2025' },
  },
  {
    name: 'a foreign key, P2003',
    run: (prisma) => prisma.post.create({ data: { title: 'one', authorId: 7 } }),
    outcome: { code: 'P2003' },
  },
  {
    name: 'a raw statement that fails, P2010',
    run: (prisma) => prisma.$queryRaw`SELECT 1 / 0`,
    outcome: { code: 'P2010', message: expect.stringContaining('22012') },
  },
  {
    name: 'a raw statement that is no SQL, P2010',
    run: (prisma) => prisma.$executeRawUnsafe('SET SET SET'),
    outcome: { code: 'P2010', message: expect.stringContaining('42601') },
  },
  {
    name: 'an invalid call',
    run: (prisma) => prisma.user.findMany({ where: { nothing: 1 } as never }),
    outcome: { name: 'PrismaClientValidationError' },
  },
]

export const scenarios: readonly Scenario[] = [...models, ...raw, ...transactions, ...failures]

/** Prisma 7.6 and later alone. */
export const nestedTransactions: readonly Scenario[] = [
  {
    name: 'nested interactive transactions, as savepoints',
    run: (prisma) =>
      prisma.$transaction(async (tx) => {
        await addUsers(tx as PrismaClient, 'ann')
        await tx.$transaction((inner) => inner.user.update({ where: { id: 1 }, data: { name: 'anna' } }))
        const undone = await tx
          .$transaction(async (inner) => {
            await inner.user.deleteMany()
            throw new RangeError('changed my mind')
          })
          .catch((error: unknown) => String(error))
        return [undone, await tx.user.findMany()]
      }),
    outcome: ['RangeError: changed my mind', [{ name: 'anna' }]],
  },
]

/**
 * On a plain client Prisma 7.10 sends the array in a transaction of its own; on one with any extension it stays in this
 * one.
 */
export const arrayInTransaction: Scenario = {
  name: 'an array inside an interactive transaction',
  run: (prisma) =>
    prisma.$transaction((tx) => {
      const both = [tx.user.create({ data: { email: 'ann@example.test' } }), tx.$queryRaw`SELECT 1 AS one`]
      return (tx as PrismaClient).$transaction(both)
    }),
}
