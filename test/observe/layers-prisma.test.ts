import { prisma7 } from '../prisma/prisma-7.ts'
import { describeObserved } from './layers-prisma-suite.ts'

describeObserved(prisma7)
