import { prisma6 } from '../../prisma-6/prisma-6.ts'
import { describeObserved } from './prisma-suite.ts'

describeObserved(prisma6)
