import { prisma6 } from '../prisma-6/prisma-6.ts'
import { describeObserved } from './layers-prisma-suite.ts'

describeObserved(prisma6)
