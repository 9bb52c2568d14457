import { PrismaPg } from '@prisma/adapter-pg'
import { makeTypedQueryFactory } from '@prisma/client/runtime/client'
import { Prisma, PrismaClient } from '../../generated/prisma7/client.ts'
import type { Subject } from './subject.ts'

export const prisma7: Subject = {
  name: `Prisma ${Prisma.prismaVersion.client}`,
  PrismaPg,
  PrismaClient,
  Prisma,
  makeTypedQueryFactory,
  hasNestedTransactions: true,
}
