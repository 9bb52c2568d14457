import { createGuard, type SlowQueryEvent } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { shareDatabase, type SharedDatabase } from '../../../support/prisma/database.ts'
import { guardedClient } from '../../../support/prisma/guarded.ts'
import { prisma7 } from '../../../support/prisma/prisma-7.ts'
import { until } from './setup.ts'

let server: SharedDatabase
beforeAll(async () => {
  server = await shareDatabase()
})
afterAll(async () => {
  await server.stop()
})

/** Everything is slow. */
const observe = { slowQueryMillis: 0.001, verySlowQueryMillis: Infinity }

function listening(): {
  readonly guard: ReturnType<typeof createGuard>
  readonly events: SlowQueryEvent[]
  readonly lines: string[]
} {
  const lines: string[] = []
  const events: SlowQueryEvent[] = []
  const guard = createGuard({ observe, logger: { warn: (line) => void lines.push(line) } })
  guard.on('slowQuery', (event) => void events.push(event))
  return { guard, events, lines }
}

it('a slow statement of Prisma has the name of its operation', async () => {
  const { guard, events, lines } = listening()
  const prisma = guardedClient(prisma7, server.url, guard)
  try {
    await prisma.user.findMany({ where: { name: 'planted' } })
    await until(() => expect(events).toMatchObject([{ operation: 'User.findMany', layer: 'prisma', kind: 'select' }]))
    expect(lines).toEqual([expect.stringMatching(/^\[poolsafe\] slow query: User\.findMany took /)])
    expect(lines.join()).not.toContain('planted')
  } finally {
    await prisma.$disconnect()
  }
})

it('a slow statement of Kysely is reported as Kysely’s, with or without a guarded pool below it', async () => {
  const { guard, events } = listening()
  const below = new pg.Pool({ connectionString: server.url, max: 1 })
  for (const pool of [below, guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)]) {
    const db = new Kysely<object>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    await sql`SELECT ${'planted'}::text`.execute(db)
    await db.destroy()
  }
  await until(() => expect(events).toHaveLength(2))
  expect(events).toMatchObject([
    { layer: 'kysely', operation: undefined, pool: undefined },
    { layer: 'kysely', operation: undefined, pool: expect.stringContaining(':') },
  ])
  for (const { place } of events) expect(place).toContain('slow/layers.test.ts')
})
