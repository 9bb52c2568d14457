import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { describeWarnings } from './suites/warn.ts'

describeWarnings(prisma7)
