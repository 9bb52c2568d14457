import { createGuard, poolers, UnsafeStatementError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../support/prisma/database.ts'
import { failureOf, guardedClient, watchedGuard } from '../../support/prisma/guarded.ts'
import { prisma7 } from '../../support/prisma/prisma-7.ts'
import { unsafeStatements } from './suites/statements.ts'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

let database: Database
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

describe('guardAdapter over a pool that guardPool guards', () => {
  it.each(unsafeStatements)('leaves $sql to the pool, which reports it once', async ({ sql, rule }) => {
    const { guard, findings } = watchedGuard('warn')
    const pool = guardPool(new pg.Pool({ connectionString: database.url }), guard)
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }).$extends(poolsafe(guard))
    await prisma.$executeRawUnsafe(sql).catch(() => undefined)
    await prisma.$disconnect()
    await pool.end()
    expect(findings.map((finding) => [finding.findings[0].rule, finding.operation])).toEqual([
      [rule, '$executeRawUnsafe'],
    ])
  })

  it('passes on the very error of the pool, outside and inside a transaction', async () => {
    const guard = createGuard({ mode: 'strict' })
    const pool = guardPool(new pg.Pool({ connectionString: database.url }), guard)
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }).$extends(poolsafe(guard))
    const outside = await failureOf(() => prisma.$executeRaw`LISTEN orders`)
    const inside = await failureOf(() => prisma.$transaction((tx) => tx.$executeRaw`LISTEN orders`))
    await prisma.$disconnect()
    await pool.end()
    for (const error of [outside, inside]) {
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect(error).toMatchObject({ rule: 'session/listen', operation: '$executeRaw' })
    }
  })
})

describe('Prisma behind PgBouncer', () => {
  let pooler: PgBouncerServer
  beforeAll(async () => {
    const { hostname, port, username, password, pathname } = new URL(database.url)
    expect([hostname, username, pathname]).toEqual(['127.0.0.1', 'postgres', '/postgres'])
    pooler = await startPgBouncer({ target: { port: Number(port), user: 'postgres', password, database: 'postgres' } })
  })
  afterAll(() => pooler.stop())

  it('refuses what the running version does not carry, and sends the rest', async () => {
    const version = pooler.version.replace(/\.\d+$/, '')
    const guard = createGuard({ mode: 'strict', pooler: poolers.pgbouncer({ version }) })
    const prisma = guardedClient(prisma7, pooler.url, guard)
    await prisma.user.create({ data: { email: 'ann@example.test', profile: { create: { bio: 'writes' } } } })
    await prisma.$transaction([prisma.$executeRaw`SET LOCAL statement_timeout = 1000`, prisma.user.count()])
    await prisma.$executeRaw`SET application_name = 'tracked by every PgBouncer'`
    const error = await failureOf(() => prisma.$executeRaw`SET statement_timeout = 1000`)
    await prisma.$disconnect()
    expect(error).toMatchObject({ rule: 'session/set', pooler: expect.stringContaining(`PgBouncer ${version}`) })
  })
})
