import { allow, createGuard, type FindingEvent, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Prisma, PrismaClient } from '../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// A statement that an ORM sends for itself in a transaction belongs to that transaction, whichever way the ORM sends
// it.

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(readFileSync(new URL('../support/prisma/tables.sql', import.meta.url), 'utf8'))
  await client.end()
})
afterAll(() => server.stop())

interface Setup<Handle> {
  readonly handle: Handle
  close(): Promise<unknown>
}

type Open<Handle> = (guard: Guard) => Setup<Handle>

function poolOf(guard: Guard, max = 4): pg.Pool {
  return guardPool(new pg.Pool({ connectionString: server.url, max }), guard)
}

/** Runs `work` in strict mode, in which a false alarm fails it. */
async function use<Handle>(open: Open<Handle>, work: (handle: Handle) => Promise<unknown>): Promise<void> {
  const guard = createGuard({ mode: 'strict', logger: { warn: () => {} } })
  const findings: FindingEvent[] = []
  guard.on('finding', (event) => void findings.push(event))
  const { handle, close } = open(guard)
  try {
    await work(handle)
  } finally {
    await close()
  }
  expect(findings).toEqual([])
}

let made = 0
const email = (): string => `own-${++made}@example.test`

function extended(adapter: PrismaPg, guard: Guard): PrismaClient {
  return new PrismaClient({ adapter: guardAdapter(adapter, guard) }).$extends(
    poolsafe(guard),
  ) as unknown as PrismaClient
}

const prismas: readonly (readonly [name: string, open: Open<PrismaClient>])[] = [
  [
    'Prisma over a guarded pool',
    (guard) => {
      const pool = poolOf(guard)
      const handle = extended(new PrismaPg(pool), guard)
      return { handle, close: async () => (await handle.$disconnect(), await pool.end()) }
    },
  ],
  [
    'Prisma over a pool of its own',
    (guard) => {
      const handle = extended(new PrismaPg({ connectionString: server.url, max: 4 }), guard)
      return { handle, close: () => handle.$disconnect() }
    },
  ],
]

const nested = (): Prisma.UserCreateInput => ({
  email: email(),
  posts: { create: [{ title: 'one' }, { title: 'two' }] },
})
const serializable = { isolationLevel: Prisma.TransactionIsolationLevel.Serializable }

describe.each(prismas)('%s', (_name, open) => {
  it.each<[string, (prisma: PrismaClient) => Promise<unknown>]>([
    ['a nested write', (prisma) => prisma.user.create({ data: nested() })],
    [
      'nested writes side by side',
      (prisma) => Promise.all(Array.from({ length: 6 }, () => prisma.user.create({ data: nested() }))),
    ],
    ['a batch', (prisma) => prisma.$transaction([prisma.user.create({ data: nested() }), prisma.user.count()])],
    [
      'a batch with an isolation level',
      (prisma) => prisma.$transaction([prisma.user.create({ data: nested() })], serializable),
    ],
    [
      'a nested write in a transaction',
      (prisma) => prisma.$transaction(async (tx) => await tx.user.create({ data: nested() })),
    ],
    [
      'everything side by side in a transaction with an isolation level',
      (prisma) =>
        prisma.$transaction(
          async (tx) =>
            await Promise.all([tx.user.create({ data: nested() }), tx.user.count(), tx.$queryRaw`SELECT 1`]),
          serializable,
        ),
    ],
    [
      'transactions three deep, and the outer ones meanwhile',
      (prisma) =>
        prisma.$transaction(async (one) => {
          await one.$transaction(async (two) => {
            await two.$transaction(async (three) => await three.user.create({ data: nested() }))
            await two.user.count()
          })
          await one.user.create({ data: nested() })
        }, serializable),
    ],
    [
      'a transaction inside that is rolled back',
      (prisma) =>
        prisma.$transaction(async (tx) => {
          await tx
            .$transaction(async (inner) => {
              await inner.user.count()
              throw new Error('undone')
            })
            .catch(() => {})
          await tx.user.create({ data: nested() })
        }),
    ],
    [
      'a transaction after another',
      async (prisma) => {
        for (let times = 0; times < 3; times++) await prisma.$transaction(async (tx) => await tx.user.count())
        await prisma.user.count()
      },
    ],
    [
      'an extension that writes through the client of the transaction',
      (prisma) => {
        const audited = prisma.$extends({ query: { user: { create: async ({ args, query }) => await query(args) } } })
        return audited.$transaction(async (tx) => await tx.user.create({ data: { email: email() } }), serializable)
      },
    ],
    [
      'an upsert and a connect',
      (prisma) => {
        const address = email()
        return prisma.$transaction(async (tx) => {
          const user = await tx.user.upsert({ where: { email: address }, create: { email: address }, update: {} })
          await tx.post.create({
            data: {
              title: 'x',
              author: { connect: { id: user.id } },
              tags: { connectOrCreate: { where: { name: address }, create: { name: address } } },
            },
          })
          await tx.user.deleteMany({ where: { email: 'nobody' } })
        }, serializable)
      },
    ],
  ])('%s', async (_case, play) => {
    await use(open, play)
  })
})

function kyselyOn(guard: Guard, pool: pg.Pool, isGuarded: boolean): Setup<Kysely<unknown>> {
  const dialect = new PostgresDialect({ pool })
  const handle = new Kysely<unknown>({ dialect: isGuarded ? guardDialect(dialect, guard) : dialect })
  return { handle, close: () => handle.destroy() }
}

const kyselys: readonly (readonly [name: string, open: Open<Kysely<unknown>>])[] = [
  ['Kysely over a guarded pool', (guard) => kyselyOn(guard, poolOf(guard), false)],
  ['Kysely guarded on both layers', (guard) => kyselyOn(guard, poolOf(guard), true)],
  ['Kysely guarded alone', (guard) => kyselyOn(guard, new pg.Pool({ connectionString: server.url, max: 4 }), true)],
]

describe.each(kyselys)('%s', (_name, open) => {
  it.each<[string, (db: Kysely<unknown>) => Promise<unknown>]>([
    [
      'a transaction with an isolation level and an access mode',
      (db) =>
        db
          .transaction()
          .setIsolationLevel('serializable')
          .setAccessMode('read only')
          .execute((trx) => sql`SELECT 1`.execute(trx)),
    ],
    [
      'a controlled transaction with savepoints',
      async (db) => {
        const trx = await db.startTransaction().setIsolationLevel('repeatable read').execute()
        await sql`SELECT 1`.execute(trx)
        const inner = await trx.savepoint('one').execute()
        await sql`SELECT 2`.execute(inner)
        await inner.rollbackToSavepoint('one').execute()
        await inner.releaseSavepoint('one').execute()
        await trx.commit().execute()
        await sql`SELECT 3`.execute(db)
      },
    ],
    [
      'controlled transactions side by side',
      (db) =>
        Promise.all(
          Array.from({ length: 6 }, async () => {
            const trx = await db.startTransaction().execute()
            await sql`SELECT 1`.execute(trx)
            await trx.commit().execute()
            await sql`SELECT 2`.execute(db)
          }),
        ),
    ],
    [
      'a transaction on a connection of its own',
      (db) =>
        db.connection().execute((connection) => connection.transaction().execute((trx) => sql`SELECT 1`.execute(trx))),
    ],
    ['introspection inside a transaction', (db) => db.transaction().execute((trx) => trx.introspection.getTables())],
    [
      'transactions side by side',
      (db) =>
        Promise.all(Array.from({ length: 8 }, () => db.transaction().execute((trx) => sql`SELECT 1`.execute(trx)))),
    ],
  ])('%s', async (_case, play) => {
    await use(open, play)
  })

  it.each([false, true])('the migrator, with its transactions off: %s', async (disableTransactions) => {
    const name = `own${++made}`
    await use(open, async (db) => {
      const up = async (on: Kysely<unknown>): Promise<void> => {
        await on.schema.createTable(name).addColumn('id', 'serial').execute()
        await sql`INSERT INTO ${sql.table(name)} DEFAULT VALUES`.execute(on)
      }
      const migrator = new Migrator({
        db,
        provider: {
          getMigrations: async () => ({ one: { up }, two: { up: (on) => on.schema.dropTable(name).execute() } }),
        },
        migrationTableName: `${name}_done`,
        migrationLockTableName: `${name}_lock`,
        disableTransactions,
      })
      const { error, results } = await allow('session/advisory-lock', 'its own lock', () => migrator.migrateToLatest())
      expect(error).toBeUndefined()
      expect(results).toHaveLength(2)
    })
  })
})

describe('Drizzle', () => {
  const open: Open<ReturnType<typeof drizzle>> = (guard) => {
    const pool = poolOf(guard)
    return { handle: drizzle({ client: pool }), close: () => pool.end() }
  }
  it.each<[string, (db: ReturnType<typeof drizzle>) => Promise<unknown>]>([
    [
      'a transaction with an isolation level, and one inside it',
      (db) =>
        db.transaction(
          async (tx) => {
            await tx.execute(drizzleSql`SELECT 1`)
            await tx.transaction(async (inner) => await inner.execute(drizzleSql`SELECT 2`))
            await tx.execute(drizzleSql`SELECT 3`)
          },
          { isolationLevel: 'serializable', accessMode: 'read write', deferrable: true },
        ),
    ],
    [
      'a transaction inside that is rolled back',
      (db) =>
        db.transaction(async (tx) => {
          await tx
            .transaction(async (inner) => {
              await inner.execute(drizzleSql`SELECT 2`)
              inner.rollback()
            })
            .catch(() => {})
          await tx.execute(drizzleSql`SELECT 3`)
        }),
    ],
    [
      'transactions side by side',
      (db) => Promise.all(Array.from({ length: 8 }, () => db.transaction((tx) => tx.execute(drizzleSql`SELECT 1`)))),
    ],
  ])('%s', async (_case, play) => {
    await use(open, play)
  })
})
