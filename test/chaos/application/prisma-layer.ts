import type { PrismaClient } from '../../generated/chaos/index.js'
import { limits, poolSize, poseMillis, sleep, type Open } from './layer.ts'

/** Prisma over the pool that its adapter makes, with the extension. */
export const openPrisma: Open = ({ generated, prismaAdapter, prismaGuard }, guard, url) => {
  const factory = new prismaAdapter.PrismaPg({ connectionString: url, max: poolSize })
  const adapter = prismaGuard.guardAdapter(factory, guard, limits)
  const prisma = new generated.PrismaClient({ adapter }).$extends(
    prismaGuard.poolsafe(guard),
  ) as unknown as PrismaClient
  return {
    forms: {
      create: async (id) => await prisma.written.create({ data: { id } }),
      $executeRaw: async (id) => await prisma.$executeRaw`INSERT INTO written (id) VALUES (${id})`,
      '$transaction([…])': (id) =>
        prisma.$transaction([prisma.written.count({ take: 20 }), prisma.written.create({ data: { id } })]),
      '$transaction(async …)': (id) =>
        prisma.$transaction(async (tx) => {
          await tx.written.findMany({ take: 5 })
          await tx.written.create({ data: { id } })
        }),
    },
    inStatement: async (id) =>
      await prisma.$queryRawUnsafe(
        `INSERT INTO written (id) VALUES ($1) RETURNING pg_sleep(${poseMillis / 1000})::text`,
        id,
      ),
    inTransaction: (id) =>
      prisma.$transaction(async (tx) => {
        await tx.written.create({ data: { id } })
        await sleep(poseMillis)
      }),
    close: () => prisma.$disconnect(),
  }
}
