import { withRequestScope, type QueryEvent, type RepeatedQueryEvent, type SlowQueryEvent } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { shareDatabase, type SharedDatabase } from '../../../support/prisma/database.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { watchedGuard, type Watched } from './harness.ts'

interface Used extends Watched {
  readonly prisma: PrismaClient
  readonly slow: readonly SlowQueryEvent[]
  readonly repeated: readonly RepeatedQueryEvent[]
}

type Send = (prisma: PrismaClient) => Promise<unknown>

const calls: Record<string, Send> = {
  'an operation of a model': async function byModel(prisma) {
    await prisma.user.findMany()
  },
  'a raw statement': async function byRaw(prisma) {
    await prisma.$queryRaw`SELECT 1`
  },
  'an array': async function byArray(prisma) {
    await prisma.$transaction([prisma.user.count(), prisma.tag.count()])
  },
  'an array of raw statements': async function byRawArray(prisma) {
    await prisma.$transaction([prisma.$queryRaw`SELECT 1`, prisma.$queryRaw`SELECT 2`])
  },
  'a transaction': async function begins(prisma) {
    await prisma.$transaction(async function beginsInside(tx) {
      await tx.user.findMany()
    })
  },
  'side by side': async function bySide(prisma) {
    await Promise.all([prisma.user.count(), prisma.tag.count()])
  },
}

/**
 * Where the lines of an application are found that calls Prisma: each statement is sent by a function whose name its
 * place must tell.
 */
export function describePlaces(subject: Subject): void {
  let database: SharedDatabase
  beforeAll(async () => {
    database = await shareDatabase()
  })
  afterAll(() => database.stop())

  async function using(work: (used: Used) => Promise<void>): Promise<void> {
    const watched = watchedGuard({ observe: { slowQueryMillis: 100, repeatedQueryLimit: 3 } })
    const { guard } = watched
    const slow: SlowQueryEvent[] = []
    const repeated: RepeatedQueryEvent[] = []
    guard.on('slowQuery', (event) => void slow.push(event))
    guard.on('repeatedQuery', (event) => void repeated.push(event))
    const adapter = guardAdapter(new subject.PrismaPg({ connectionString: database.url }), guard)
    const prisma = new subject.PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
    await work({ ...watched, prisma, slow, repeated })
    await prisma.$disconnect()
  }

  function expectPlace(event: Pick<QueryEvent, 'place'> | undefined, name: string): void {
    expect(event?.place).toMatch(/test\/integration\/core\/layers\/prisma-place\.ts:\d+:\d+/)
    expect(event?.place).toContain(name)
  }

  describe(`the place of what ${subject.name} sends`, () => {
    it.each(Object.entries(calls))('is the line of the application, the first time: %s', async (_what, send) => {
      await using(async ({ prisma, events }) => {
        await send(prisma)
        const named = events.filter(({ operation }) => operation !== undefined)
        expect(named.length).toBeGreaterThan(0)
        for (const event of named) expectPlace(event, send.name)
      })
    })

    it('is the very line of what turns out slow, though its like was seen before from elsewhere', async () => {
      await using(async ({ prisma, slow, events }) => {
        const sleep = async (seconds: number): Promise<unknown> =>
          await prisma.$queryRaw`SELECT pg_sleep(${seconds}::float8)::text`
        async function quickCaller(): Promise<void> {
          await prisma.$queryRaw`SELECT pg_sleep(${0}::float8)::text`
        }
        async function slowCaller(): Promise<void> {
          await prisma.$queryRaw`SELECT pg_sleep(${0.2}::float8)::text`
        }
        async function laterCaller(): Promise<void> {
          await prisma.$queryRaw`SELECT pg_sleep(${0}::float8)::text`
        }
        await quickCaller()
        await quickCaller()
        await slowCaller()
        // On a busy machine the quick ones are slow as well.
        await vi.waitFor(() => expectPlace(slow.at(-1), 'slowCaller'), { timeout: 60_000 })
        await laterCaller()
        expectPlace(events.at(-1), 'laterCaller')
        await sleep(0)
      })
    })

    it('is that of a loop in a request, which is reported', async () => {
      await using(async ({ prisma, repeated }) => {
        async function looping(): Promise<void> {
          for (let id = 1; id <= 5; id++) await prisma.user.findFirst({ where: { id } })
        }
        async function elsewhere(): Promise<void> {
          for (let id = 1; id <= 2; id++) await prisma.user.findFirst({ where: { id } })
        }
        await withRequestScope(async () => {
          await looping()
          await elsewhere()
        })
        expect(repeated.map(({ operation, count, layer }) => [operation, count, layer])).toEqual([
          ['User.findFirst', 5, 'prisma'],
        ])
        expectPlace(repeated[0], 'looping')
      })
    })

    it('is that of calls side by side in a request, which are still one statement where Prisma makes one of them', async () => {
      await using(async ({ prisma, repeated, events }) => {
        async function crowd(): Promise<void> {
          await Promise.all([1, 2, 3, 4, 5].map((id) => prisma.user.findFirst({ where: { id } })))
        }
        async function batched(): Promise<void> {
          await Promise.all([1, 2, 3, 4, 5].map((id) => prisma.user.findUnique({ where: { id } })))
        }
        await withRequestScope(async () => {
          await crowd()
          const before = events.length
          await batched()
          expect(events.length - before).toBe(1)
        })
        expect(repeated.map(({ operation, count }) => [operation, count])).toEqual([['User.findFirst', 5]])
        expectPlace(repeated[0], 'crowd')
      })
    })
  })
}
