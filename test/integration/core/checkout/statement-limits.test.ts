import { createGuard, findPoolsafeError, PoolerWaitError, StatementTimeoutError, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startNarrowPooler, type NarrowPooler } from '../../../support/servers/narrow-pooler.ts'

const forEver = 'SELECT pg_sleep(3600)'
const limits: PoolOptions = { statementTimeoutMillis: 1000 }

let narrow: NarrowPooler
beforeAll(async () => {
  narrow = await startNarrowPooler()
})
afterAll(() => narrow.stop())

interface Layer {
  send(text: string): Promise<unknown>
  sendInTransaction(text: string): Promise<unknown>
  close(): Promise<void>
}

function openKysely(guard: Guard, options: PoolOptions): Layer {
  const pool = guardPool(new pg.Pool({ connectionString: narrow.pooler.url, max: 1 }), guard, options)
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  return {
    send: async (text) => (await sql.raw(text).execute(db)).rows,
    sendInTransaction: (text) => db.transaction().execute(async (trx) => (await sql.raw(text).execute(trx)).rows),
    close: () => db.destroy(),
  }
}

function openPrisma(guard: Guard, options: PoolOptions): Layer {
  const adapter = guardAdapter(new PrismaPg({ connectionString: narrow.pooler.url, max: 1 }), guard, options)
  const client = new PrismaClient({ adapter })
  // Prisma has its own limits for transactions; the test is about those of the pool.
  const patience = { maxWait: 60_000, timeout: 60_000 }
  return {
    send: async (text) => await client.$queryRawUnsafe(text),
    sendInTransaction: (text) => client.$transaction((tx) => tx.$queryRawUnsafe(text), patience),
    close: () => client.$disconnect(),
  }
}

describe.each([
  ['Kysely', openKysely],
  ['Prisma', openPrisma],
] as const)('%s behind a pooler', (_name, open) => {
  async function use(options: PoolOptions, work: (layer: Layer) => Promise<void>): Promise<void> {
    const layer = open(createGuard({ mode: 'strict' }), options)
    try {
      await work(layer)
    } finally {
      await layer.close()
    }
  }

  it.each(['send', 'sendInTransaction'] as const)(
    'fails a statement that runs for too long, and goes on: %s',
    async (send) => {
      await use(limits, async (layer) => {
        const error = await failureOf(layer[send](forEver))
        expect(error).toBeInstanceOf(StatementTimeoutError)
        expect(error).toMatchObject({ limitMillis: 1000, wasCancelled: true, statement: 'SELECT pg_sleep(?)' })
        expect(await layer.send('SELECT 1 AS one')).toEqual([{ one: 1 }])
      })
    },
  )

  it('limits a transaction, and nothing after it', async () => {
    await use(limits, async (layer) => {
      const setting = "SELECT current_setting('statement_timeout') AS timeout"
      expect(await layer.sendInTransaction(setting)).toEqual([{ timeout: '1s' }])
      expect(await layer.send(setting)).toEqual([{ timeout: '0' }])
    })
  })

  it('fails a transaction that waits for a server connection of the pooler', async () => {
    await use({ poolerWaitTimeoutMillis: 1000 }, async (layer) => {
      await layer.send('SELECT 1')
      await narrow.holder.query('BEGIN')
      const error = await failureOf(layer.sendInTransaction('SELECT 1'))
      await narrow.holder.query('ROLLBACK')
      expect(findPoolsafeError(error)).toBeInstanceOf(PoolerWaitError)
      expect(await layer.send('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })
  })
})

async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )
}
