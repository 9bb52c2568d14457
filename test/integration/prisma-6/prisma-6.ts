import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Subject } from '../../support/prisma/subject.ts'

// The generator of Prisma 6 writes CommonJS, with a copy of Prisma's runtime.
const require = createRequire(import.meta.url)
const { Prisma, PrismaClient } = require('./generated/index.js') as typeof import('./generated/index.js')
const { makeTypedQueryFactory } =
  require('./generated/runtime/client.js') as typeof import('./generated/runtime/client.js')

// The two versions differ in their types where no test looks.
export const prisma6 = {
  name: `Prisma ${Prisma.prismaVersion.client}`,
  PrismaPg,
  PrismaClient,
  Prisma,
  makeTypedQueryFactory,
  hasNestedTransactions: false,
} as unknown as Subject
