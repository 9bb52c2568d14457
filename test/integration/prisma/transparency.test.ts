import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { describeTransparency } from './suites/transparency.ts'

describeTransparency(prisma7)
