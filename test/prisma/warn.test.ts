import { prisma7 } from './prisma-7.ts'
import { describeWarnings } from './suites/warn.ts'

describeWarnings(prisma7)
