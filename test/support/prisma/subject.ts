import type { PrismaPg } from '@prisma/adapter-pg'
import type { makeTypedQueryFactory } from '@prisma/client/runtime/client'
import type { Prisma, PrismaClient } from '../../generated/prisma7/client.ts'

/** One version of Prisma, in the types of the newest. */
export interface Subject {
  readonly name: string
  readonly PrismaPg: typeof PrismaPg
  readonly PrismaClient: typeof PrismaClient
  readonly Prisma: Pick<typeof Prisma, 'sql' | 'join' | 'PrismaClientKnownRequestError'>
  readonly makeTypedQueryFactory: typeof makeTypedQueryFactory
  /** True if `tx.$transaction` exists, with savepoints. */
  readonly hasNestedTransactions: boolean
}
