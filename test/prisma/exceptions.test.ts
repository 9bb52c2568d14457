import { prisma7 } from './prisma-7.ts'
import { describeExceptions } from './suites/exceptions.ts'

describeExceptions(prisma7)
