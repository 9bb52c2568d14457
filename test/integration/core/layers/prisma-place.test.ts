import { prisma6 } from '../../prisma-6/prisma-6.ts'
import { prisma7 } from '../../../support/prisma/prisma-7.ts'
import { describePlaces } from './prisma-place.ts'

describePlaces(prisma7)
describePlaces(prisma6)
