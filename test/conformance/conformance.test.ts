import { describeConformance } from '@poolsafe/testing/conformance'
import * as vitest from 'vitest'
import { kyselyAdapter, kyselyOverPgAdapter } from './kysely-adapter.ts'
import { pgAdapter } from './pg-adapter.ts'
import { postgresJsAdapter } from './postgres-js-adapter.ts'
import { prismaAdapter } from './prisma-adapter.ts'

describeConformance(pgAdapter, vitest)
describeConformance(kyselyAdapter, vitest)
describeConformance(kyselyOverPgAdapter, vitest)
describeConformance(postgresJsAdapter, vitest)
describeConformance(prismaAdapter, vitest)
