import { createGuard, type Guard } from '@poolsafe/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { failureOf, guardedClient } from '../../../support/prisma/guarded.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

const set = 'SET work_mem = 65536'
const refused = { rule: 'session/set' }

/** Four transactions wait for each other, on a machine that may be busy. */
const patient = { maxWait: 60_000, timeout: 60_000 }

export function describeExceptions(subject: Subject): void {
  describe(`${subject.name} inside guard.allow`, () => {
    let server: SharedPostgres
    let guard: Guard
    let prisma: PrismaClient

    beforeAll(async () => {
      server = await sharedPostgres()
      guard = createGuard({ mode: 'strict' })
      prisma = guardedClient(subject, server.url, guard)
    })
    afterAll(async () => {
      await prisma.$disconnect()
      await server.stop()
    })

    function allowed<Result>(work: () => PromiseLike<Result>): Promise<Result> {
      return guard.allow('session/set', 'a test', work)
    }

    it('sends a query that is returned without being awaited, and refuses the same outside', async () => {
      expect(await allowed(() => prisma.$executeRawUnsafe(set))).toBe(0)
      const made = prisma.$executeRawUnsafe(set)
      expect(await allowed(() => made)).toBe(0)
      expect(await failureOf(async () => prisma.$executeRawUnsafe(set))).toMatchObject(refused)
    })

    it.each([0, 1, 2, 3])(
      'keeps the arrays apart that Prisma sends in one tick, the one in a scope at place %d',
      async (place) => {
        const array = (): Promise<unknown> =>
          prisma.$transaction([prisma.$executeRawUnsafe(set), prisma.$queryRaw`SELECT 1 AS one`])
        // The first query would connect, which takes another tick.
        await prisma.$queryRaw`SELECT 1`
        const arrays = Array.from({ length: 4 }, (_, index) => (index === place ? allowed(array) : failureOf(array)))
        const outcomes: unknown[] = await Promise.all(arrays)
        expect(outcomes).toMatchObject(arrays.map((_, index) => (index === place ? [0, [{ one: 1 }]] : refused)))
      },
    )

    it.each([0, 1, 2, 3])('keeps arrays of one operation apart, the one in a scope at place %d', async (place) => {
      const array = (): Promise<unknown> => prisma.$transaction([prisma.$executeRawUnsafe(set)])
      await prisma.$queryRaw`SELECT 1`
      const arrays = Array.from({ length: 4 }, (_, index) => (index === place ? allowed(array) : failureOf(array)))
      const outcomes: unknown[] = await Promise.all(arrays)
      expect(outcomes).toMatchObject(arrays.map((_, index) => (index === place ? [0] : refused)))
    })

    it.each([0, 1, 2, 3])(
      'keeps interactive transactions apart that send in one tick, the one in a scope at place %d',
      async (place) => {
        const { promise: all, resolve: open } = Promise.withResolvers<void>()
        let waiting = 4
        const run = (index: number): Promise<unknown> =>
          prisma.$transaction(async (tx) => {
            if (--waiting === 0) open()
            await all
            const send = (): Promise<number> => tx.$executeRaw`SELECT pg_try_advisory_lock(1)`
            return index === place ? guard.allow('session/advisory-lock', 'a test', send) : failureOf(send)
          }, patient)
        const outcomes = await Promise.all([0, 1, 2, 3].map(run))
        expect(outcomes).toMatchObject(
          [0, 1, 2, 3].map((index) => (index === place ? 1 : { rule: 'session/advisory-lock' })),
        )
      },
    )

    it('keeps the operations of one transaction apart that it sends together', async () => {
      const outcomes = await prisma.$transaction((tx) => {
        const send = (): Promise<number> => tx.$executeRaw`SELECT pg_try_advisory_lock(1)`
        // Behind one that fails, Prisma sends no other.
        return Promise.all<unknown>([guard.allow('session/advisory-lock', 'a test', send), failureOf(send)])
      })
      expect(outcomes).toMatchObject([1, { rule: 'session/advisory-lock' }])
    })

    it('commits outside what a statement of an interactive transaction left inside', async () => {
      const seen = prisma.$transaction(async (tx) => {
        await allowed(() => tx.$executeRawUnsafe(set))
        return tx.$queryRaw`SHOW work_mem`
      })
      expect(await seen).toEqual([{ work_mem: '64MB' }])
    })

    it('refuses at the commit what a statement left outside', async () => {
      const leaving = (): Promise<unknown> =>
        prisma.$transaction(async (tx) => {
          await allowed(() => tx.$executeRawUnsafe(set))
          await tx.$executeRawUnsafe('SET lock_timeout = 1000')
        })
      expect(await failureOf(leaving)).toMatchObject({ ...refused, statement: 'SET lock_timeout = ?' })
    })
  })
}
