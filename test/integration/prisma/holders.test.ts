import { AcquireTimeoutError, createGuard, type QueryEvent } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

it('a transaction of a callback holds its connection under its name and line; what it sends past Prisma has neither', async () => {
  const guard = createGuard({ logger: { warn: () => undefined } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, {
    callSites: true,
    acquireTimeoutMillis: 1500,
  })
  const other = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) }).$extends(poolsafe(guard))
  const events: QueryEvent[] = []
  guard.on('query', (event) => void events.push(event))
  const outside = (): Promise<unknown> => pool.query('SELECT 3').catch((error: unknown) => error)
  let error: unknown
  await prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1`
    await other.query('SELECT 2')
    error = await outside()
  })
  await prisma.$disconnect()
  await Promise.all([pool.end(), other.end()])
  expect(error).toBeInstanceOf(AcquireTimeoutError)
  expect((error as Error).message).toMatch(
    /held longest: \$transaction[^]*\$transaction at .*holders\.test\.ts:\d+:\d+/,
  )
  expect(events.map(({ statement, operation, layer }) => [statement, operation, layer])).toEqual([
    ['BEGIN', '$transaction', 'prisma'],
    ['SELECT ?', '$queryRaw', 'prisma'],
    ['SELECT ?', undefined, 'pg'],
    // It got no connection.
    ['SELECT ?', undefined, 'pg'],
    ['COMMIT', '$transaction', 'prisma'],
  ])
})
