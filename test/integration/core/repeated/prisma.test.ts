import { withRequestScope } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { shareDatabase, type SharedDatabase } from '../../../support/prisma/database.ts'
import { range, watchRepeated, type RepeatedWatch } from '../../../support/repeated-watch.ts'

let database: SharedDatabase
beforeAll(async () => {
  database = await shareDatabase()
})
afterAll(() => database.stop())

async function withPrisma(work: (prisma: PrismaClient) => Promise<unknown>): Promise<RepeatedWatch> {
  const watch = watchRepeated()
  const pool = guardPool(new pg.Pool({ connectionString: database.url, max: 4 }), watch.guard)
  const bare = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), watch.guard) })
  try {
    await work(bare.$extends(poolsafe(watch.guard)) as unknown as PrismaClient)
  } finally {
    await bare.$disconnect()
    await pool.end()
  }
  return watch
}

async function findEach(prisma: PrismaClient, count: number): Promise<void> {
  for (const id of range(count)) await prisma.user.findFirst({ where: { id } })
}

async function findEachElsewhere(prisma: PrismaClient, count: number): Promise<void> {
  for (const id of range(count)) await prisma.user.findFirst({ where: { id } })
}

describe('repeated statements of one request, sent by Prisma', () => {
  it("are reported by their operation, with Prisma's own batched form", async () => {
    const { repeated } = await withPrisma((prisma) =>
      withRequestScope({ name: 'GET /users' }, () => findEach(prisma, 11)),
    )
    expect(repeated).toMatchObject([
      {
        operation: 'User.findFirst',
        layer: 'prisma',
        count: 11,
        request: 'GET /users',
        place: expect.stringMatching(/findEach \(test\/integration\/core\/repeated\/prisma\.test\.ts:\d+:\d+\)$/),
        instead: expect.stringContaining('prisma.user.findMany({ where: { id: { in: values } } }), or include'),
      },
    ])
  })

  it('are nothing up to the limit, nor from two operations', async () => {
    const { repeated } = await withPrisma((prisma) =>
      withRequestScope(async () => {
        await findEach(prisma, 10)
        for (const id of range(10)) await prisma.post.findFirst({ where: { id } })
        await prisma.user.findMany({ where: { id: { in: range(50) } } })
      }),
    )
    expect(repeated).toEqual([])
  })

  it('are not reported from two call sites that each stay below the limit, and are for each that does not', async () => {
    const { repeated } = await withPrisma(async (prisma) => {
      await withRequestScope(async () => {
        await findEach(prisma, 10)
        await findEachElsewhere(prisma, 10)
      })
      await withRequestScope(async () => {
        await findEachElsewhere(prisma, 10)
        await findEach(prisma, 12)
        await Promise.all(range(130).map((id) => prisma.post.findFirst({ where: { id } })))
      })
    })
    expect(repeated.map(({ place, count }) => [place?.split(' (')[0], count])).toEqual([
      ['findEach', 12],
      [expect.stringContaining('repeated/prisma.test.ts'), 130],
    ])
  })

  it('are nothing where Prisma itself makes one statement of them', async () => {
    const { repeated } = await withPrisma((prisma) =>
      withRequestScope(() => Promise.all(range(30).map((id) => prisma.user.findUnique({ where: { id } })))),
    )
    expect(repeated).toEqual([])
  })

  it('are reported if they were sent one by one, and as raw text', async () => {
    const { repeated } = await withPrisma((prisma) =>
      withRequestScope(async () => {
        for (const id of range(11)) await prisma.user.findUnique({ where: { id } })
        for (const id of range(12)) await prisma.$queryRaw`SELECT email FROM "User" WHERE id = ${id}`
      }),
    )
    expect(repeated).toMatchObject([
      { operation: 'User.findUnique', count: 11 },
      {
        operation: '$queryRaw',
        count: 12,
        instead: 'one statement for all of them: SELECT email FROM "User" WHERE id = ANY($1)',
      },
    ])
  })

  it('are awaited inside the scope, where they begin', async () => {
    const { repeated } = await withPrisma(async (prisma) => {
      for (const id of range(11)) await withRequestScope(() => prisma.user.findFirst({ where: { id } }))
      await withRequestScope(() => prisma.$transaction(range(11).map((id) => prisma.post.findFirst({ where: { id } }))))
    })
    expect(repeated).toMatchObject([{ count: 11 }])
  })

  it('do not mix those of two requests', async () => {
    const { repeated } = await withPrisma((prisma) =>
      Promise.all(
        range(4).map((index) => withRequestScope({ name: `request ${index}` }, () => findEach(prisma, 7 + index))),
      ),
    )
    expect(repeated.map(({ request, count }) => [request, count])).toEqual([['request 4', 11]])
  })

  it('are the rows of a nested create, each of which Prisma inserts on its own', async () => {
    const { repeated } = await withPrisma((prisma) =>
      withRequestScope(() =>
        prisma.user.create({
          data: { email: 'ann@example.test', posts: { create: range(12).map((n) => ({ title: `secret ${n}` })) } },
        }),
      ),
    )
    for (const { operation, instead, message } of repeated) {
      expect(operation).toBe('User.create')
      expect(instead).toContain('createMany')
      expect(message).not.toContain('secret')
    }
  })
})
