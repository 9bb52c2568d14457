import { prisma7 } from './prisma-7.ts'
import { describeTransparency } from './suites/transparency.ts'

describeTransparency(prisma7)
