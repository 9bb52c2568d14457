import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { describeExceptions } from './suites/exceptions.ts'

describeExceptions(prisma7)
