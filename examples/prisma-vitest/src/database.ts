import { createGuard, poolers } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/client.ts'

/** The connection of requests: through the pooler. */
export function openDatabase(connectionString: string) {
  const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.24' }) })
  const adapter = guardAdapter(new PrismaPg({ connectionString, max: 4 }), guard)
  return new PrismaClient({ adapter }).$extends(poolsafe(guard))
}

export type Database = ReturnType<typeof openDatabase>

/** The client inside a transaction. */
export type Trx = Parameters<Parameters<Database['$transaction']>[0]>[0]
