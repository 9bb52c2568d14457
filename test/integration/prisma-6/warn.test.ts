import { describeWarnings } from '../prisma/suites/warn.ts'
import { prisma6 } from './prisma-6.ts'

describeWarnings(prisma6)
