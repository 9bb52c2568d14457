import { createGuard, findPoolsafeError, type Guard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { failureOf } from '../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const rule = 'transaction/outside-handle'

/**
 * A client with an extension that sends each operation in a batch which sets the tenant first, as Prisma's
 * documentation shows for row-level security.
 */
type Extend = (client: PrismaClient) => PrismaClient
const setTenant: Extend = (client) =>
  client.$extends((base) =>
    base.$extends({
      query: {
        async $allOperations({ args, query }) {
          const [, result] = await (base as unknown as PrismaClient).$transaction([
            (base as unknown as PrismaClient).$executeRaw`SELECT set_config('app.tenant', '7', true)`,
            query(args as never) as never,
          ])
          return result
        },
      },
    }),
  ) as unknown as PrismaClient

type Install = (client: PrismaClient, guard: Guard) => PrismaClient

const above: Install = (client, guard) => setTenant(client.$extends(poolsafe(guard)) as unknown as PrismaClient)
const below: Install = (client, guard) => setTenant(client).$extends(poolsafe(guard)) as unknown as PrismaClient

async function use(install: Install, work: (prisma: PrismaClient, guard: Guard) => Promise<void>): Promise<void> {
  const guard = createGuard({ mode: 'strict' })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 4 }), guard)
  const prisma = install(new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }), guard)
  try {
    await work(prisma, guard)
  } finally {
    await prisma.$disconnect()
    await pool.end()
  }
}
const tenant = async (client: Pick<PrismaClient, '$queryRaw'>): Promise<unknown> =>
  await client.$queryRaw`SELECT current_setting('app.tenant', true) AS tenant`

describe.each<[string, Install]>([
  ['above poolsafe', above],
  ['below poolsafe', below],
])('an extension of Prisma for row-level security, %s', (_name, install) => {
  it('works outside of one', async () => {
    await use(install, async (prisma) => {
      expect(await tenant(prisma)).toEqual([{ tenant: '7' }])
    })
  })

  it('sends its batch as one, as it does unguarded', async () => {
    await use(install, async (prisma, guard) => {
      const own = await guard.allow(rule, 'the batch sets the tenant itself', () =>
        prisma.$transaction((tx) => tenant(tx)),
      )
      expect(own).toEqual([{ tenant: '7' }])
    })
  })
})

it('sends an operation of a transaction outside of it, which is found where poolsafe is installed first', async () => {
  await use(above, async (prisma) => {
    const error = await failureOf(() => prisma.$transaction((tx) => tenant(tx)))
    expect(findPoolsafeError(error)).toMatchObject({ rule })
  })
})
