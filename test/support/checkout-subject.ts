import type { CheckoutOptions, Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { PrismaClient } from '../generated/prisma7/client.ts'

/** A layer above a pool, as an application uses it. */
export interface Layer {
  /** Sends one statement on any connection. */
  query(): Promise<unknown>
  /** Runs `work` inside a transaction, after its first statement. */
  transaction(work: () => Promise<unknown>): Promise<unknown>
  close(): Promise<void>
}

/** How a layer is guarded. */
export interface Setup {
  readonly url: string
  readonly max: number
  readonly guard: Guard
  readonly options?: CheckoutOptions
}

/** Everything that has to behave alike. */
export const subjects: readonly (readonly [name: string, open: (setup: Setup) => Layer])[] = [
  ['pg', openPg],
  ['Kysely', (setup) => openKysely(setup, false)],
  ['Kysely, guarded itself', (setup) => openKysely(setup, true)],
  ['Prisma over a guarded pool', openPrisma],
  ['Prisma over a pool of its own', openOwnPrisma],
]

export function makePool({ url, max, guard, options }: Setup): pg.Pool {
  return guardPool(new pg.Pool({ connectionString: url, max }), guard, options)
}

function openPg(setup: Setup): Layer {
  const pool = makePool(setup)
  return {
    query: () => pool.query('SELECT 1'),
    async transaction(work) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const result = await work()
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

function openKysely(setup: Setup, isGuarded: boolean): Layer {
  const dialect = new PostgresDialect({ pool: makePool(setup) })
  const db = new Kysely<unknown>({ dialect: isGuarded ? guardDialect(dialect, setup.guard) : dialect })
  return {
    query: () => sql`SELECT 1`.execute(db),
    transaction: (work) =>
      db.transaction().execute(async (trx) => {
        await sql`SELECT 1`.execute(trx)
        return work()
      }),
    close: () => db.destroy(),
  }
}

function openPrisma(setup: Setup): Layer {
  const pool = makePool(setup)
  const layer = layerOf(new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), setup.guard) }), setup.guard)
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
  return layerOf(new PrismaClient({ adapter }), guard)
}

function layerOf(client: PrismaClient, guard: Guard): Layer {
  const prisma = client.$extends(poolsafe(guard)) as unknown as PrismaClient
  // Prisma has limits of its own for transactions, which are not what is measured here.
  const limits = { maxWait: 60_000, timeout: 60_000 }
  return {
    // Prisma's own promises start when they are awaited.
    query: async () => await prisma.$queryRaw`SELECT 1`,
    transaction: (work) =>
      prisma.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT 1`
        return work()
      }, limits),
    close: () => prisma.$disconnect(),
  }
}
