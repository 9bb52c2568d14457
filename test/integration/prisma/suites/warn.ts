import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../../support/prisma/database.ts'
import { guardedClient, watchedGuard, type WatchedGuard } from '../../../support/prisma/guarded.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { unsafeStatements } from './statements.ts'

export function describeWarnings(subject: Subject): void {
  describe(`${subject.name}, what warn mode says`, () => {
    let database: Database
    let watched: WatchedGuard
    let prisma: PrismaClient

    beforeAll(async () => {
      database = await startDatabase()
      watched = watchedGuard('warn')
      prisma = guardedClient(subject, database.url, watched.guard)
      await prisma.user.create({ data: { email: 'ann@example.test' } })
    })
    afterAll(async () => {
      await prisma.$disconnect()
      await database.stop()
    })

    it.each(unsafeStatements)('sends $sql each time, and logs it once', async ({ sql, rule }) => {
      const before = watched.warnings.length
      const received = await database.received(async () => {
        // In one session PREPARE and CREATE TEMP TABLE succeed once only.
        for (let time = 1; time <= 3; time++) await prisma.$executeRawUnsafe(sql).catch(() => undefined)
      })
      expect(received.filter((statement) => statement === sql)).toHaveLength(3)
      const warnings = watched.warnings.slice(before)
      expect(warnings).toEqual([expect.stringContaining(`(${rule})`)])
      expect(warnings[0]).toMatch(/\n {2}sent +yes/)
      expect(warnings[0]).toMatch(/\n {2}by +\$executeRawUnsafe at .*warn\.ts:\d+:/)
      expect(warnings[0]).not.toContain('4711')
    })

    it('names the operation in every finding', async () => {
      const before = watched.findings.length
      await prisma.$queryRaw`SELECT pg_advisory_lock(1)::text`
      await prisma.$transaction([prisma.$queryRaw`SELECT pg_advisory_unlock(1)`, prisma.user.count()])
      expect(watched.findings.slice(before).map(({ operation }) => operation)).toEqual(['$queryRaw', '$transaction'])
    })

    it('reports nothing that Prisma itself sends', async () => {
      const before = watched.findings.length
      await prisma.$transaction(
        async (tx) => {
          await tx.user.create({ data: { email: 'bob@example.test', posts: { create: { title: 'one' } } } })
          if (subject.hasNestedTransactions) await tx.$transaction((inner) => inner.user.count())
        },
        { isolationLevel: 'Serializable' },
      )
      expect(watched.findings.slice(before)).toEqual([])
    })
  })
}
