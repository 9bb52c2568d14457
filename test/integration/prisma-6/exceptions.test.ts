import { prisma6 } from './prisma-6.ts'
import { describeExceptions } from '../prisma/suites/exceptions.ts'

describeExceptions(prisma6)
