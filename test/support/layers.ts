import type { CheckoutOptions, Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect, sql, type Dialect } from 'kysely'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { inTransaction } from './session/in-transaction.ts'

/** A layer above a pool, as an application uses it. */
export interface Layer {
  /** Sends one statement on any connection. */
  query(text?: string): Promise<unknown>
  /** Runs `work` inside a transaction; `inner` sends `SELECT 1` in that transaction. */
  transaction(work: (inner: () => Promise<unknown>) => Promise<unknown>): Promise<unknown>
  close(): Promise<void>
}

/** How a layer is guarded. */
export interface Setup {
  readonly url: string
  readonly max: number
  readonly guard: Guard
  readonly options?: CheckoutOptions
}

type OpenLayer = (setup: Setup) => Layer

/** The layers that must behave alike. */
export const layers: readonly (readonly [name: string, open: OpenLayer])[] = [
  ['pg', openPg],
  ['Kysely', (setup) => openKysely(setup, false)],
  ['Kysely, guarded itself', (setup) => openKysely(setup, true)],
  ['Prisma over a guarded pool', openPrisma],
  ['Prisma over a pool of its own', openOwnPrisma],
]

export function makePool({ url, max, guard, options }: Setup): pg.Pool {
  return guardPool(new pg.Pool({ connectionString: url, max }), guard, options)
}

/**
 * Sends statements until one is answered. On a busy machine the first connection may come too late for its caller; it
 * stays in the pool.
 */
export async function untilAnswered(layer: Layer): Promise<void> {
  for (;;) {
    const failed = await layer.query().then(
      () => false,
      () => true,
    )
    if (!failed) return
    await sleep(20)
  }
}

/** Runs `work` inside a transaction, after the first statement of the transaction. */
export function insideTransaction(layer: Layer, work: () => Promise<unknown>): Promise<unknown> {
  return layer.transaction(async (inner) => {
    await inner()
    return work()
  })
}

function openPg(setup: Setup): Layer {
  const pool = makePool(setup)
  return {
    query: (text = 'SELECT 1') => pool.query(text),
    transaction: (work) => inTransaction(pool, (client) => work(() => client.query('SELECT 1'))),
    close: () => pool.end(),
  }
}

function openKysely(setup: Setup, isGuarded: boolean): Layer {
  const dialect = new PostgresDialect({ pool: makePool(setup) })
  return kyselyLayer(isGuarded ? guardDialect(dialect, setup.guard) : dialect)
}

/** Kysely with a guarded dialect, over a pool that is not guarded. */
export function openKyselyAlone({ url, max, guard }: Setup): Layer {
  return kyselyLayer(guardDialect(new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max }) }), guard))
}

function kyselyLayer(dialect: Dialect): Layer {
  const db = new Kysely<unknown>({ dialect })
  return {
    query: (text = 'SELECT 1') => sql.raw(text).execute(db),
    transaction: (work) => db.transaction().execute((trx) => work(() => sql`SELECT 1`.execute(trx))),
    close: () => db.destroy(),
  }
}

/** Drizzle over a guarded pool. */
export function openDrizzle(setup: Setup): Layer {
  const pool = makePool(setup)
  const db = drizzle({ client: pool })
  return {
    query: async (text = 'SELECT 1') => await db.execute(drizzleSql.raw(text)),
    transaction: (work) => db.transaction((tx) => work(async () => tx.execute(drizzleSql`SELECT 1`))),
    close: () => pool.end(),
  }
}

function openPrisma(setup: Setup): Layer {
  const pool = makePool(setup)
  const layer = prismaLayer(new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), setup.guard) }), setup.guard)
  return {
    ...layer,
    async close() {
      await layer.close()
      await pool.end()
    },
  }
}

function openOwnPrisma({ url, max, guard, options }: Setup): Layer {
  const adapter = guardAdapter(new PrismaPg({ connectionString: url, max }), guard, options)
  return prismaLayer(new PrismaClient({ adapter }), guard)
}

function prismaLayer(client: PrismaClient, guard: Guard): Layer {
  const prisma = client.$extends(poolsafe(guard)) as unknown as PrismaClient
  // Prisma has its own limits for transactions; the tests are about those of the pool.
  const limits = { maxWait: 60_000, timeout: 60_000 }
  return {
    // A promise of Prisma starts its query only when it is awaited.
    query: async (text) => await (text === undefined ? prisma.$queryRaw`SELECT 1` : prisma.$executeRawUnsafe(text)),
    transaction: (work) => prisma.$transaction((tx) => work(async () => await tx.$queryRaw`SELECT 1`), limits),
    close: () => prisma.$disconnect(),
  }
}
