import { describeTransparency } from '../prisma/suites/transparency.ts'
import { prisma6 } from './prisma-6.ts'

describeTransparency(prisma6)
