import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import type { Guard } from '@poolsafe/core'
import type { ConformanceAdapter, ConformanceClient } from '@poolsafe/testing/conformance'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/prisma7/client.ts'

/** Prisma wraps the error of a raw query: P2010 with the driver's error inside. */
interface RawQueryError {
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: { readonly originalCode?: unknown } } }
}

interface Client extends ConformanceClient {
  readonly prisma: PrismaClient
}

export const prismaAdapter: ConformanceAdapter<Client> = {
  name: 'Prisma',
  sqlStateOf: (error) => (error as RawQueryError).meta?.driverAdapterError?.cause?.originalCode,
  open(url, guard) {
    const factory = new PrismaPg({ connectionString: url, max: 1 })
    const prisma = guard === undefined ? new PrismaClient({ adapter: factory }) : guarded(factory, guard)
    return {
      prisma,
      query: (sql) => prisma.$queryRawUnsafe(sql),
      transaction: (work) =>
        prisma.$transaction((tx) =>
          // The adapter cannot read the answer, which has the type void.
          work(
            (sql) => tx.$queryRawUnsafe(sql),
            async () => tx.$queryRaw`SELECT pg_advisory_xact_lock(1)`,
          ),
        ),
      close: () => prisma.$disconnect(),
    }
  },
  forms: {
    batch: async ({ prisma }, sql) => {
      const [rows] = await prisma.$transaction([prisma.$queryRawUnsafe<unknown[]>(sql)])
      return rows
    },
  },
}

function guarded(factory: PrismaPg, guard: Guard): PrismaClient {
  return new PrismaClient({ adapter: guardAdapter(factory, guard) }).$extends(
    poolsafe(guard),
  ) as unknown as PrismaClient
}
