import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { createGuard } from '@poolsafe/core'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/prisma7/client.ts'
import type { Subject } from './subject.ts'

/** Prisma answers raw queries that fail with P2010 and the driver's error inside. */
interface RawQueryError {
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: { readonly originalCode?: unknown } } }
}

export const prismaSubject: Subject = {
  name: 'Prisma',
  sqlStateOf: (error) => (error as RawQueryError).meta?.driverAdapterError?.cause?.originalCode,
  open(url, options) {
    const factory = new PrismaPg({ connectionString: url, max: 1 })
    const client = options === undefined ? new PrismaClient({ adapter: factory }) : guarded(factory, options)
    return {
      query: (sql) => client.$queryRawUnsafe(sql),
      transaction: (work) =>
        client.$transaction((tx) =>
          // Its answer, of type void, is one that the adapter cannot read.
          work(
            (sql) => tx.$queryRawUnsafe(sql),
            async () => tx.$queryRaw`SELECT pg_advisory_xact_lock(1)`,
          ),
        ),
      close: () => client.$disconnect(),
    }
  },
}

function guarded(factory: PrismaPg, options: Parameters<typeof createGuard>[0]): PrismaClient {
  const guard = createGuard(options)
  return new PrismaClient({ adapter: guardAdapter(factory, guard) }).$extends(
    poolsafe(guard),
  ) as unknown as PrismaClient
}
