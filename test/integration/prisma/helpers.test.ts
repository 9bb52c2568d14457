import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { describeHelpers } from './suites/helpers.ts'

describeHelpers(prisma7)
