import type { Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { CompiledQuery, Kysely, PostgresDialect, type QueryExecutorProvider } from 'kysely'
import pg from 'pg'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { inTransaction } from '../../../support/session/in-transaction.ts'

/** Sends one statement. Prisma’s starts when it is awaited. */
export type Send = (sql: string) => PromiseLike<unknown>

/** One layer with a pool of a few connections, guarded. */
export interface Opened {
  readonly send: Send
  transaction<Result>(work: (send: Send) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export interface Subject {
  readonly name: string
  open(url: string, guard: Guard): Opened
}

/**
 * Fewer than the statements that the tests have under way: some wait for a connection that another scope gives back.
 */
const connections = 2

const pgSubject: Subject = {
  name: 'pg',
  open(url, guard) {
    const pool = guardPool(new pg.Pool({ connectionString: url, max: connections }), guard)
    return {
      send: (sql) => pool.query(sql),
      transaction: (work) => inTransaction(pool, (client) => work((sql) => client.query(sql))),
      close: () => pool.end(),
    }
  },
}

const kyselySubject: Subject = {
  name: 'Kysely',
  open(url, guard) {
    return openKysely(new pg.Pool({ connectionString: url, max: connections }), guard)
  },
}

const kyselyOverGuardedPool: Subject = {
  name: 'Kysely over a guarded pool',
  open(url, guard) {
    return openKysely(guardPool(new pg.Pool({ connectionString: url, max: connections }), guard), guard)
  },
}

function openKysely(pool: pg.Pool, guard: Guard): Opened {
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  const sendOn = (executor: QueryExecutorProvider): Send => {
    return (sql) => executor.getExecutor().executeQuery(CompiledQuery.raw(sql))
  }
  return {
    send: sendOn(db),
    transaction: (work) => db.transaction().execute((trx) => work(sendOn(trx))),
    close: () => db.destroy(),
  }
}

const prismaSubject: Subject = {
  name: 'Prisma',
  open: (url, guard) =>
    openPrisma(guardAdapter(new PrismaPg({ connectionString: url, max: connections }), guard), guard),
}

const prismaOverGuardedPool: Subject = {
  name: 'Prisma over a guarded pool',
  open(url, guard) {
    const pool = guardPool(new pg.Pool({ connectionString: url, max: connections }), guard)
    const opened = openPrisma(new PrismaPg(pool), guard)
    return {
      ...opened,
      async close() {
        await opened.close()
        await pool.end()
      },
    }
  },
}

function openPrisma(adapter: PrismaPg, guard: Guard): Opened {
  const prisma = new PrismaClient({ adapter }).$extends(poolsafe(guard))
  return {
    send: (sql) => prisma.$executeRawUnsafe(sql),
    transaction: (work) =>
      prisma.$transaction((tx) => work((sql) => tx.$executeRawUnsafe(sql)), { maxWait: 60_000, timeout: 60_000 }),
    close: () => prisma.$disconnect(),
  }
}

export const subjects: readonly Subject[] = [
  pgSubject,
  kyselySubject,
  kyselyOverGuardedPool,
  prismaSubject,
  prismaOverGuardedPool,
]
