import { prisma7 } from './prisma-7.ts'
import { describeStrict } from './suites/strict.ts'

describeStrict(prisma7)
