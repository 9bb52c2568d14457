import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { describeStrict } from './suites/strict.ts'

describeStrict(prisma7)
