import { createGuard, type Guard, type GuardOptions, type SlowQueryEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareDatabase, type SharedDatabase } from '../../../support/prisma/database.ts'
import { guardedClient } from '../../../support/prisma/guarded.ts'
import { prisma7 } from '../../../support/prisma/prisma-7.ts'
import { until } from '../slow/setup.ts'

let server: SharedDatabase
beforeAll(async () => {
  server = await shareDatabase()
})
afterAll(async () => {
  await server.stop()
})

/** Sends statements by one layer. */
type Send = (guard: Guard, work: (send: () => Promise<unknown>) => Promise<unknown>) => Promise<void>

const layers: Record<string, Send> = {
  pg: async (guard, work) => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    await work(() => pool.query('SELECT 1 AS one')).finally(() => pool.end())
  },
  'a client of pg': async (guard, work) => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const send = async (): Promise<unknown> => {
      const client = await pool.connect()
      return client.query('SELECT 2 AS two').finally(() => client.release())
    }
    await work(send).finally(() => pool.end())
  },
  Kysely: async (guard, work) => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const db = new Kysely<object>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await work(() => sql`SELECT 3 AS three`.execute(db)).finally(() => db.destroy())
  },
  Prisma: async (guard, work) => {
    const prisma = guardedClient(prisma7, server.url, guard)
    await work(() => prisma.user.findMany()).finally(() => prisma.$disconnect())
  },
}

type Property = 'prepareStackTrace' | 'stackTraceLimit'

/** Changes that an application, or one of its libraries, may make to the errors of the whole process. */
const habits: Record<string, readonly [Property, PropertyDescriptor]> = {
  'makes no text of a stack': ['prepareStackTrace', { value: (_: unknown, frames: unknown) => frames, writable: true }],
  'throws for a stack that is not of an error': [
    'prepareStackTrace',
    {
      value: (error: unknown, frames: readonly unknown[]) => {
        if (error instanceof Error) return `${String(error)}\n    at ${frames.join('\n    at ')}`
        throw new Error('prepareStackTrace broke')
      },
      writable: true,
    },
  ],
  'has a limit of stacks that cannot be set': ['stackTraceLimit', { value: 10, writable: false }],
}

async function during(habit: readonly [Property, PropertyDescriptor], work: () => Promise<unknown>): Promise<unknown> {
  const [property, descriptor] = habit
  const before = Object.getOwnPropertyDescriptor(Error, property)
  Object.defineProperty(Error, property, { ...descriptor, configurable: true })
  try {
    return await work()
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, property)
    else Object.defineProperty(Error, property, before)
  }
}

const silent: GuardOptions = { mode: 'strict', logger: { warn: () => undefined }, observe: { slowQueryMillis: 0.001 } }

describe.each(Object.entries(habits))('an application that %s', (_habit, habit) => {
  it.each(Object.entries(layers))('gets its answers by %s, and is told of each statement', async (_layer, within) => {
    const guard = createGuard(silent)
    const told: string[] = []
    const slow: SlowQueryEvent[] = []
    guard.on('query', ({ fingerprint }) => void told.push(fingerprint))
    guard.on('slowQuery', (event) => void slow.push(event))
    await within(guard, async (send) => {
      // The first time its line is taken as it is new, then as it was slow.
      for (const count of [1, 2, 3]) {
        await during(habit, send)
        await during(habit, () => until(() => expect(slow).toHaveLength(count)))
      }
    })
    expect(told).toHaveLength(3)
    expect(guard.stats()).toMatchObject({ totalQueries: 3, totalErrors: 0, slowQueries: 3 })
  })
})
