import { describeStrict } from '../prisma/suites/strict.ts'
import { prisma6 } from './prisma-6.ts'

describeStrict(prisma6)
