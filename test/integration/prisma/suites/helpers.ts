import { createGuard, InvalidOptionError, LeaseLostError, poolers } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, notify, poolsafe, settings, withAdvisoryLock, withLease, withSettings } from '@poolsafe/prisma'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aborted } from '../../../support/aborted.ts'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../../support/prisma/database.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

type Tenant = readonly { readonly tenant: string | null }[]

/** The helpers through a real PgBouncer, with a strict guard and without any. */
export function describeHelpers(subject: Subject): void {
  let database: Database
  let pooler: PgBouncerServer
  let direct: pg.Pool
  const ends: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    database = await startDatabase()
    const { port, username, password, pathname } = new URL(database.url)
    pooler = await startPgBouncer({
      target: { port: Number(port), user: username, password, database: pathname.slice(1) },
      defaultPoolSize: 3,
    })
    direct = new pg.Pool({ connectionString: database.url })
    // Rows of a tenant, for a role that row-level security holds for.
    await direct.query(`CREATE TABLE note (tenant text, body text); ALTER TABLE note ENABLE ROW LEVEL SECURITY;
      ALTER TABLE note FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON note USING (tenant = current_setting('app.tenant', true))`)
  })
  beforeEach(() => database.reset())
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  afterAll(async () => {
    await direct.end()
    await pooler.stop()
    await database.stop()
  })

  function open(isGuarded = true): PrismaClient {
    const bare = new pg.Pool({ connectionString: pooler.url }).on('error', () => {})
    if (!isGuarded) {
      const plain = new subject.PrismaClient({ adapter: new subject.PrismaPg(bare) })
      ends.push(
        () => plain.$disconnect(),
        () => bare.end(),
      )
      return plain
    }
    const logger = { warn: () => {} }
    const guard = createGuard({ mode: 'strict', logger, pooler: poolers.pgbouncer({ version: '1.18' }) })
    const pool = guardPool(bare, guard)
    const adapter = guardAdapter(new subject.PrismaPg(pool), guard)
    const prisma = new subject.PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
    ends.push(
      () => prisma.$disconnect(),
      () => pool.end(),
    )
    return prisma
  }

  async function tenantOf(client: Pick<PrismaClient, '$queryRaw'>): Promise<string> {
    const [row] = await client.$queryRaw<Tenant>`SELECT current_setting('app.tenant', true) AS tenant`
    return row?.tenant ?? ''
  }

  describe(`the helpers with ${subject.name}`, () => {
    it('withSettings sets in a transaction, and leaves nothing', async () => {
      const prisma = open()
      expect(await withSettings(prisma, { 'app.tenant': 7 }, tenantOf)).toBe('7')
      for (let i = 0; i < 4; i++) expect(await tenantOf(prisma)).toBe('')
    })

    it('withSettings puts the values of before back inside a transaction', async () => {
      const seen = await withSettings(open(), { 'app.tenant': 'outer' }, async (tx) => [
        await withSettings(tx, { 'app.tenant': 'inner' }, tenantOf),
        await tenantOf(tx),
        await tx.user.count(),
      ])
      expect(seen).toEqual(['inner', 'outer', 0])
    })

    it('withSettings rolls back with the error of the function', async () => {
      const prisma = open()
      const failure = new Error('no')
      const failing = withSettings(prisma, { 'app.tenant': 7 }, async (tx) => {
        await tx.user.create({ data: { email: 'a' } })
        throw failure
      })
      await expect(failing).rejects.toBe(failure)
      expect(await prisma.user.count()).toBe(0)
    })

    it('withAdvisoryLock answers at once, and after a wait', async () => {
      const other = open()
      const seen = await withAdvisoryLock(
        open(),
        'a',
        async () => [
          await withAdvisoryLock(other, 'a', () => Promise.resolve(), { wait: false }),
          await withAdvisoryLock(other, 'a', () => Promise.resolve(), { wait: 20 }),
          await other.$transaction(async (tx) => [
            await withAdvisoryLock(tx, 'a', () => Promise.resolve(), { wait: 20 }),
            await tx.user.count(),
          ]),
        ],
        { transaction: { timeout: 60_000 } },
      )
      const refused = { acquired: false }
      expect(seen.result).toEqual([refused, refused, [refused, 0]])
    })

    it('withLease admits one holder, and refuses a late write', async () => {
      const [prisma, other] = [open(), open()]
      const options = { leaseMillis: 60_000 }
      await withLease(
        prisma,
        'a',
        async (lease) => {
          expect(await withLease(other, 'a', () => Promise.resolve(), options)).toEqual({ acquired: false })
          await prisma.$transaction((tx) => lease.confirm(tx))
          await direct.query('UPDATE poolsafe_lease SET fencing = fencing + 1')
          const late = prisma.$transaction(async (tx) => {
            await tx.user.create({ data: { email: 'late' } })
            await lease.confirm(tx)
          })
          await expect(late).rejects.toBeInstanceOf(LeaseLostError)
        },
        options,
      )
      expect(await prisma.user.count()).toBe(0)
    })

    it('withLease reports that the lease was lost, and refuses a transaction', async () => {
      const prisma = open()
      const options = { leaseMillis: 300 }
      const lost = withLease(
        prisma,
        'b',
        async ({ signal }) => {
          await direct.query("DELETE FROM poolsafe_lease WHERE key = 'b'")
          await aborted(signal)
        },
        options,
      )
      await expect(lost).rejects.toBeInstanceOf(LeaseLostError)
      const inside = prisma.$transaction((tx) => withLease(tx, 'a', () => Promise.resolve(), options))
      await expect(inside).rejects.toBeInstanceOf(InvalidOptionError)
    })

    it('notify reaches a listener', async () => {
      const client = new pg.Client({ connectionString: database.url })
      await client.connect()
      const heard: unknown[] = []
      client.on('notification', ({ payload }) => heard.push(payload))
      await client.query('LISTEN a')
      await notify(open(), 'a', 'payload')
      await vi.waitFor(() => expect(heard).toEqual(['payload']), { timeout: 60_000 })
      await client.end()
    })

    it('the helpers refuse what is no client', async () => {
      const none = {} as PrismaClient
      await expect(withSettings(none, {}, tenantOf)).rejects.toBeInstanceOf(InvalidOptionError)
      await expect(notify(none, 'a')).rejects.toBeInstanceOf(InvalidOptionError)
    })
  })

  describe.each(['alone', 'before poolsafe()', 'after poolsafe()'] as const)(
    `settings() with ${subject.name}, %s`,
    (order) => {
      const tenants = new AsyncLocalStorage<string>()
      const read = (): { 'app.tenant': string } => ({ 'app.tenant': tenants.getStore() ?? '' })

      function openExtended(): PrismaClient {
        if (order === 'alone') return open(false).$extends(settings(read)) as unknown as PrismaClient
        if (order === 'after poolsafe()') return open().$extends(settings(read)) as unknown as PrismaClient
        const logger = { warn: () => {} }
        const guard = createGuard({ mode: 'strict', logger, pooler: poolers.pgbouncer({ version: '1.18' }) })
        const pool = guardPool(new pg.Pool({ connectionString: pooler.url }), guard)
        const client = new subject.PrismaClient({ adapter: guardAdapter(new subject.PrismaPg(pool), guard) })
        const prisma = client.$extends(settings(read)).$extends(poolsafe(guard)) as unknown as PrismaClient
        ends.push(
          () => prisma.$disconnect(),
          () => pool.end(),
        )
        return prisma
      }

      it('sends every operation with the settings of its caller, side by side', async () => {
        const prisma = openExtended()
        const seen = await Promise.all(
          ['a', 'b', 'c', 'd', 'e', 'f'].map((tenant) =>
            tenants.run(tenant, async () => [tenant, await tenantOf(prisma)]),
          ),
        )
        for (const [tenant, found] of seen) expect(found).toBe(tenant)
        expect(await tenants.run('x', async () => await prisma.user.count())).toBe(0)
        expect((await direct.query("SELECT FROM pg_stat_activity WHERE state = 'idle in transaction'")).rowCount).toBe(
          0,
        )
      })

      it('leaves nothing behind for callers without', async () => {
        const prisma = openExtended()
        await tenants.run('a', () => tenantOf(prisma))
        const bare = open(false)
        for (let i = 0; i < 6; i++) expect(await tenantOf(bare)).toBe('')
      })

      it('gives the results of model operations, of raw ones, and their errors', async () => {
        const prisma = openExtended()
        const user = await prisma.user.create({
          data: { email: 'a', posts: { create: { title: 't' } } },
          include: { posts: true },
        })
        expect(user).toMatchObject({ email: 'a', posts: [{ title: 't' }] })
        expect(await prisma.user.findUnique({ where: { email: 'a' } })).toMatchObject({ email: 'a' })
        expect(await prisma.$executeRaw`UPDATE "User" SET name = 'n'`).toBe(1)
        await expect(prisma.user.create({ data: { email: 'a' } })).rejects.toMatchObject({ code: 'P2002' })
      })

      it('begins a batch with them, and gives its results alone', async () => {
        const prisma = openExtended()
        const results = await tenants.run('t', () =>
          prisma.$transaction([
            prisma.user.create({ data: { email: 'a' } }),
            prisma.$queryRaw<Tenant>`SELECT current_setting('app.tenant', true) AS tenant`,
            prisma.user.count(),
          ]),
        )
        expect(results).toMatchObject([{ email: 'a' }, [{ tenant: 't' }], 1])
      })

      it('begins an interactive transaction with them, and stays on its connection', async () => {
        const prisma = openExtended()
        const failing = tenants.run('t', () =>
          prisma.$transaction(async (tx) => {
            await tx.user.create({ data: { email: 'a' } })
            expect(await tenantOf(tx)).toBe('t')
            expect(await tx.user.count()).toBe(1)
            throw new Error('rolled back')
          }),
        )
        await expect(failing).rejects.toThrow('rolled back')
        expect(await prisma.user.count()).toBe(0)
      })

      it('keeps the settings in nested transactions', async () => {
        if (!subject.hasNestedTransactions) return
        const prisma = openExtended()
        const seen = await tenants.run('t', () =>
          prisma.$transaction((tx) => (tx as PrismaClient).$transaction((inner) => tenantOf(inner))),
        )
        expect(seen).toBe('t')
      })

      it('reports settings that cannot be', async () => {
        const prisma = open(false).$extends(settings(() => ({ 'app.tenant': undefined as unknown as string })))
        await expect(prisma.user.count()).rejects.toBeInstanceOf(InvalidOptionError)
      })
    },
  )
}
