import { createGuard, poolers, UnsafeStatementError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { watchedGuard } from '../../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

describe('a startup parameter in the configuration of PrismaPg', () => {
  it('stops the first statement in strict mode, and no connection is opened', async () => {
    const factory = guardAdapter(new PrismaPg({ connectionString: `${server.url}?lock_timeout=54321` }), {
      mode: 'strict',
    })
    const prisma = new PrismaClient({ adapter: factory })
    const error = await prisma.$queryRaw`SELECT 1`.catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(error).toMatchObject({ rule: 'connection/startup-parameter' })
    expect((error as Error).message).not.toContain('54321')
    await prisma.$disconnect()
  })

  it('is reported once, and still applied, if the guard only warns', async () => {
    const { guard, warnings } = watchedGuard('warn')
    const prisma = new PrismaClient({
      adapter: guardAdapter(new PrismaPg({ connectionString: server.url, lock_timeout: 54_321 }), guard),
    })
    expect(await prisma.$queryRaw`SELECT current_setting('lock_timeout') AS is`).toEqual([{ is: '54321ms' }])
    expect(warnings).toEqual([expect.stringContaining('the startup parameter lock_timeout is refused by the pooler')])
    await prisma.$disconnect()
  })

  it('is nothing to find without a pooler', async () => {
    const guard = createGuard({ mode: 'strict', pooler: poolers.direct() })
    const adapter = guardAdapter(new PrismaPg({ connectionString: server.url, lock_timeout: 54_321 }), guard)
    const connected = await adapter.connect()
    await connected.dispose()
  })

  it('is reported by a guarded pool below, and only there', async () => {
    const { guard, warnings } = watchedGuard('warn')
    const pool = guardPool(new pg.Pool({ connectionString: server.url, lock_timeout: 54_321 }), guard)
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) })
    await prisma.$queryRaw`SELECT 1`
    expect(warnings).toHaveLength(1)
    await prisma.$disconnect()
    await pool.end()
  })
})
