import { prisma7 } from '../../../support/prisma/prisma-7.ts'
import { describeObserved } from './prisma-suite.ts'

describeObserved(prisma7)
