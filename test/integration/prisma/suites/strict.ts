import { isPoolsafeError, UnsafeStatementError } from '@poolsafe/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../../support/prisma/database.ts'
import { failureOf, guardedClient, watchedGuard } from '../../../support/prisma/guarded.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { unsafeStatements } from './statements.ts'

/** The line of this file that calls it. */
function here(): number {
  return Number(/strict\.ts:(\d+)/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1])
}

export function describeStrict(subject: Subject): void {
  describe(`${subject.name}, guarded in strict mode`, () => {
    let database: Database
    let prisma: PrismaClient

    beforeAll(async () => {
      database = await startDatabase()
      prisma = guardedClient(subject, database.url, watchedGuard('strict').guard)
    })
    afterAll(async () => {
      await prisma.$disconnect()
      await database.stop()
    })

    /** @returns the error, when the server has seen none of the text */
    async function refusalOf(sql: string, send: () => Promise<unknown>): Promise<UnsafeStatementError> {
      let error: unknown
      const received = await database.received(async () => {
        error = await failureOf(send)
      })
      expect(received).not.toContain(sql)
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect((error as Error).constructor).toBe(UnsafeStatementError)
      expect(isPoolsafeError(error)).toBe(true)
      expect(error).not.toHaveProperty('code')
      return error as UnsafeStatementError
    }

    function expectCallSite(error: UnsafeStatementError, operation: string, line: number): void {
      expect(error.operation).toBe(operation)
      expect(error.stack?.split('\n').find((frame) => frame.startsWith('    at '))).toContain(`strict.ts:${line}:`)
      expect(error.message).toMatch(new RegExp(`\\n  by +${operation.replace('$', '\\$')} at .*strict\\.ts:${line}:`))
      expect(error.message).not.toContain('4711')
    }

    it.each(unsafeStatements)('refuses $sql outside a transaction', async ({ sql, rule }) => {
      let line = 0
      const executed = await refusalOf(sql, async () => {
        line = here() + 1
        await prisma.$executeRawUnsafe(sql)
      })
      expect(executed.rule).toBe(rule)
      expectCallSite(executed, '$executeRawUnsafe', line)

      const queried = await refusalOf(sql, async () => {
        line = here() + 1
        await prisma.$queryRawUnsafe(sql)
      })
      expect(queried.rule).toBe(rule)
      expectCallSite(queried, '$queryRawUnsafe', line)
    })

    it.each(unsafeStatements.filter(({ refusedInTransaction }) => refusedInTransaction !== undefined))(
      'refuses $sql inside an interactive transaction $refusedInTransaction, and rolls back',
      async ({ sql, rule, refusedInTransaction }) => {
        let line = 0
        const error = await refusalOf(refusedInTransaction === 'at once' ? sql : 'COMMIT', () =>
          prisma.$transaction(async (tx) => {
            await tx.user.create({ data: { email: 'undone@example.test' } })
            line = here() + 1
            await tx.$executeRawUnsafe(sql)
          }),
        )
        expect(error.rule).toBe(rule)
        expectCallSite(error, '$executeRawUnsafe', line)
        // If a transaction were still open, the next query on its connection would see the row.
        expect(await Promise.all(Array.from({ length: 20 }, () => prisma.user.count()))).toEqual(Array(20).fill(0))
      },
    )

    it('sends what is good inside a transaction alone', async () => {
      const answer = await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SET LOCAL app.org = '4711'`
        await tx.$queryRaw`SELECT set_config('app.color', 'red', true)`
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(4711)`
        await tx.$executeRaw`SELECT nextval('"User_id_seq"')`
        await tx.$queryRawUnsafe(`SELECT currval('"User_id_seq"')`)
        return tx.$queryRaw`SELECT current_setting('app.org') AS org, current_setting('app.color') AS color`
      })
      expect(answer).toEqual([{ org: '4711', color: 'red' }])
    })

    it('refuses the tagged forms', async () => {
      const error = await refusalOf('LISTEN orders', () => prisma.$executeRaw`LISTEN orders`)
      expect(error.operation).toBe('$executeRaw')
      const sql = subject.Prisma.sql`SELECT pg_advisory_lock(${4711})`
      expect((await refusalOf(sql.text, () => prisma.$queryRaw(sql))).operation).toBe('$queryRaw')
    })

    it('refuses TypedSQL', async () => {
      const lock = subject.makeTypedQueryFactory('SELECT pg_advisory_lock($1)')
      const error = await refusalOf('SELECT pg_advisory_lock($1)', () => prisma.$queryRawTyped(lock(4711) as never))
      expect(error.operation).toBe('$queryRawTyped')
      expect(error.rule).toBe('session/advisory-lock')
    })

    it('refuses an array with an unsafe statement, and names the array', async () => {
      let line = 0
      const error = await refusalOf('COMMIT', async () => {
        const create = prisma.user.create({ data: { email: 'undone@example.test' } })
        const listen = prisma.$executeRaw`LISTEN orders`
        line = here() + 1
        await prisma.$transaction([create, listen])
      })
      expectCallSite(error, '$transaction', line)
      expect(await prisma.user.count()).toBe(0)
    })

    it('finds SET LOCAL ineffective in an array of one, which Prisma sends without a transaction', async () => {
      const error = await refusalOf('SET LOCAL app.org = 1', () =>
        prisma.$transaction([prisma.$executeRaw`SET LOCAL app.org = 1`]),
      )
      expect(error).toMatchObject({ rule: 'transaction/set-local', outcome: 'ineffective' })
      await prisma.$transaction([prisma.$executeRaw`SET LOCAL app.org = 1`, prisma.user.count()])
    })

    it('knows that a raw COMMIT ends the transaction, and that a raw BEGIN opens another', async () => {
      const error = await refusalOf('SET LOCAL app.org = 1', () =>
        prisma.$transaction(async (tx) => {
          await tx.$executeRaw`COMMIT`
          await tx.$executeRaw`BEGIN`
          await tx.$executeRaw`SET LOCAL app.org = 2`
          await tx.$executeRaw`COMMIT`
          await tx.$executeRaw`SET LOCAL app.org = 1`
        }),
      )
      expect(error.rule).toBe('transaction/set-local')
    })

    it('refuses BEGIN on a borrowed connection', async () => {
      expect((await refusalOf('BEGIN', () => prisma.$executeRaw`BEGIN`)).rule).toBe('transaction/unpinned')
    })

    it.each([
      ['an awaited return', async () => prisma.$executeRawUnsafe('LISTEN orders')],
      ['Promise.all', () => Promise.all([prisma.user.count(), prisma.$executeRawUnsafe('LISTEN orders')])],
    ])('names the line of this file through %s', async (_, send) => {
      const error = await refusalOf('LISTEN orders', async () => {
        await send()
      })
      expect(error.message).toMatch(/\n {2}by +\$executeRawUnsafe at .*strict\.ts:\d+:/)
    })
  })
}
