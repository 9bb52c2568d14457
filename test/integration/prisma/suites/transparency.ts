import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../../support/prisma/database.ts'
import { guardedClient, watchedGuard } from '../../../support/prisma/guarded.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { arrayInTransaction, contentOf, nestedTransactions, scenarios, type Scenario } from './scenarios.ts'

/** Everything that can be seen of a scenario, from the application and from the server. */
interface Seen {
  readonly outcome: unknown
  readonly content: unknown
  readonly statements: readonly string[]
}

/** A guarded client in warn mode differs from a plain one only by its warnings. */
export function describeTransparency(subject: Subject): void {
  describe(`${subject.name}, guarded in warn mode`, () => {
    let database: Database
    let plain: PrismaClient
    let guarded: PrismaClient

    beforeAll(async () => {
      database = await startDatabase()
      plain = new subject.PrismaClient({ adapter: new subject.PrismaPg({ connectionString: database.url }) })
      guarded = guardedClient(subject, database.url, watchedGuard('warn').guard)
    })
    afterAll(async () => {
      await plain.$disconnect()
      await guarded.$disconnect()
      await database.stop()
    })
    beforeEach(() => database.reset())

    async function see(prisma: PrismaClient, { run }: Scenario): Promise<Seen> {
      await database.reset()
      let outcome: unknown
      const statements = await database.received(async () => {
        outcome = await run(prisma, subject).catch(described)
      })
      return { outcome, content: await contentOf(prisma), statements }
    }

    const all = subject.hasNestedTransactions ? [...scenarios, ...nestedTransactions] : scenarios
    it.each(all)('gives the same results, errors and statements for $name', async (scenario) => {
      const expected = await see(plain, scenario)
      if (scenario.outcome !== undefined) expect(expected.outcome).toMatchObject(scenario.outcome)
      expect(await see(guarded, scenario)).toEqual(expected)
    })

    // Prisma 6 has no transactions inside transactions.
    if (subject.hasNestedTransactions) {
      it(`sends ${arrayInTransaction.name} as from any client with an extension`, async () => {
        const extended = plain.$extends({ client: { $nothing: (): void => {} } }) as unknown as PrismaClient
        const expected = await see(extended, arrayInTransaction)
        expect(await see(guarded, arrayInTransaction)).toEqual(expected)
      })
    }

    it('connects again after $disconnect, guarded as before', async () => {
      const { guard, findings } = watchedGuard('warn')
      const prisma = guardedClient(subject, database.url, guard)
      await prisma.$connect()
      await prisma.$disconnect()
      await prisma.$executeRawUnsafe('LISTEN again')
      await prisma.$disconnect()
      expect(findings.map(({ findings: [first] }) => first.rule)).toEqual(['session/listen'])
    })
  })
}

/**
 * An error with its own fields. Prisma's messages quote the source: a line of this folder, the same for both clients.
 */
function described(error: Error): unknown {
  const { name, message, cause } = error
  return Object.assign({}, error, { class: error.constructor, name, message, cause })
}
