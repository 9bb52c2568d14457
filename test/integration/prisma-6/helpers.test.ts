import { describeHelpers } from '../prisma/suites/helpers.ts'
import { prisma6 } from './prisma-6.ts'

describeHelpers(prisma6)
