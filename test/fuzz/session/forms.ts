import { createGuard, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { Session } from './inspect.ts'
import { sendInWay, valuesOf } from './ways.ts'
import { sqlOf, type Form, type MadeTransaction, type SentText } from './transaction.ts'

/** One connection, guarded in one form. */
export interface Player {
  readonly guard: Guard
  readonly session: Session
  /**
   * Sends the texts of a transaction. Failures are ignored.
   *
   * @param onText is called before each text, with its index
   */
  play(transaction: MadeTransaction, onText: (index: number) => void): Promise<void>
  close(): Promise<void>
}

/** The mode of the guards. */
export type PlayedMode = 'warn' | 'repair'

type Send = (text: SentText) => Promise<unknown>

/** Opens a connection in each form. */
export async function openPlayers(url: string, mode: PlayedMode): Promise<ReadonlyMap<Form, Player>> {
  const kysely = await openKysely(url, mode)
  return new Map<Form, Player>([
    ['pg', await openPg(url, mode, {})],
    ['pipelined pg', await openPg(url, mode, { pipeline: true })],
    ['Kysely', kysely.connection],
    ['Kysely transaction', kysely.transaction],
    ['Prisma', await openPrisma(url, mode)],
  ])
}

const logger = { warn() {} }

/** A pool of one connection, and that connection. */
async function onePool(url: string, options: object): Promise<{ pool: pg.Pool; session: Session }> {
  const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, ...options })
  const client = await pool.connect()
  client.release()
  const session = new Session(client)
  await session.dirtyKinds()
  return { pool, session }
}

async function inOrder(texts: readonly SentText[], onText: (index: number) => void, send: Send): Promise<void> {
  for (const [index, text] of texts.entries()) {
    onText(index)
    await send(text).catch(() => undefined)
  }
}

/** Rolls back a transaction that a failure has left open, as an application does. */
async function endOpen(session: Session, send: Send): Promise<void> {
  if (await session.isInTransaction()) await send([{ sql: 'ROLLBACK' }])
}

async function openPg(url: string, mode: PlayedMode, options: { readonly pipeline?: boolean }): Promise<Player> {
  const { pool, session } = await onePool(url, options)
  const guard = createGuard({ mode, logger, observe: false })
  guardPool(pool, guard)
  return {
    guard,
    session,
    close: () => pool.end(),
    async play({ texts }, onText) {
      const client = await pool.connect()
      const send: Send = async (text) => sendInWay(client, text)
      if (options.pipeline === true) {
        const sent = texts.map((text, index) => {
          onText(index)
          return send(text)
        })
        await Promise.allSettled(sent)
      } else await inOrder(texts, onText, send)
      await endOpen(session, send)
      client.release()
      // The guard may have closed the connection. Counts is what the next caller gets.
      const next = await pool.connect()
      next.release()
      session.moveTo(next)
    },
  }
}

async function openKysely(url: string, mode: PlayedMode): Promise<Record<'connection' | 'transaction', Player>> {
  const { pool, session } = await onePool(url, {})
  const guard = createGuard({ mode, logger })
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  const sendOn = (executor: Kysely<unknown>): Send => {
    return (text) => executor.executeQuery(CompiledQuery.raw(sqlOf(text), (valuesOf(text) ?? []) as unknown[]))
  }
  const close = async (): Promise<void> => {
    await db.destroy()
    // Kysely does not end its pool if it has sent nothing.
    if (!pool.ending) await pool.end()
  }
  const common = { guard, session, close }
  return {
    connection: {
      ...common,
      play: ({ texts }, onText) =>
        db.connection().execute(async (connection) => {
          await inOrder(texts, onText, sendOn(connection))
          await endOpen(session, sendOn(connection))
        }),
    },
    transaction: {
      ...common,
      close: async () => undefined,
      play: ({ texts, commits }, onText) =>
        ended(
          db.transaction().execute(async (trx) => {
            await inOrder(texts, onText, sendOn(trx))
            if (!commits) throw rolledBack
          }),
        ),
    },
  }
}

const rolledBack = new Error('Roll back this transaction.')

/** Waits for the end of a transaction, whose COMMIT may fail. */
async function ended(transaction: Promise<unknown>): Promise<void> {
  await transaction.catch(() => undefined)
}

async function openPrisma(url: string, mode: PlayedMode): Promise<Player> {
  const { pool, session } = await onePool(url, {})
  const guard = createGuard({ mode, logger })
  const adapter = guardAdapter(new PrismaPg(pool), guard)
  const client = new PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
  return {
    guard,
    session,
    close: async () => {
      await client.$disconnect()
      await pool.end()
    },
    play: ({ texts, commits }, onText) =>
      ended(
        client.$transaction(
          async (tx) => {
            await inOrder(texts, onText, async (text) =>
              // Prisma makes the array of values itself.
              text[0]?.isNeverSent !== true ? tx.$executeRawUnsafe(sqlOf(text), ...(text[0]?.values ?? [])) : undefined,
            )
            if (!commits) throw rolledBack
          },
          { timeout: 60_000, maxWait: 60_000 },
        ),
      ),
  }
}
