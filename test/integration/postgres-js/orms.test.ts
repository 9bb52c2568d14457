import { createGuard, poolers, type RuleId } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer } from '@poolsafe/testing/servers'
import { eq, sql as text } from 'drizzle-orm'
import { integer, pgTable, text as textColumn } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/postgres-js'
import { Kysely, sql as raw } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
const urls: Record<string, string> = {}
const stops: (() => Promise<unknown>)[] = []
let reports: () => Promise<readonly unknown[]> = async () => []

beforeAll(async () => {
  server = await sharedPostgres()
  const bouncer = await startPgBouncer({ target: server, serverRoundRobin: true, defaultPoolSize: 2 })
  const hostile = await startHostilePooler({ target: server, pooler: poolers.strictest() })
  reports = () => hostile.reports()
  Object.assign(urls, { PgBouncer: bouncer.url, 'the hostile pooler': hostile.url })
  stops.push(
    () => bouncer.stop(),
    () => hostile.stop(),
  )
  const direct: postgres.Sql = postgres(server.url, { max: 1 })
  await direct`CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL)`
  await direct.end()
})

afterAll(async () => {
  for (const stop of stops) await stop()
  await server.stop({ force: true })
})

const person = pgTable('person', { id: integer().primaryKey(), name: textColumn().notNull() })

interface Database {
  person: { id: number; name: string }
}

interface Application {
  work(): Promise<unknown>
  fault(): Promise<unknown>
  /** In the stack of a refusal. Drizzle sends a query from a job of its promise, in which V8 knows no caller. */
  readonly line: string
}

/** The same small application on each ORM: it returns what it read, and a planted fault. */
const applications: Readonly<Record<string, (sql: postgres.Sql) => Application>> = {
  Drizzle(sql) {
    const db = drizzle(sql)
    return {
      line: 'PostgresJsPreparedQuery.execute',
      async work() {
        await db.delete(person)
        await db.insert(person).values([
          { id: 1, name: 'one' },
          { id: 2, name: 'two' },
        ])
        await db.transaction(async (tx) => {
          await tx.update(person).set({ name: 'new' }).where(eq(person.id, 2))
          await tx.transaction(async (inner) => inner.delete(person).where(eq(person.id, 1)))
          await tx.execute(text`SELECT set_config('app.tenant', '7', true)`)
        })
        return db.select().from(person).orderBy(person.id)
      },
      fault: async () => void (await db.execute(text`SET search_path = tenant`)),
    }
  },
  'kysely-postgres-js'(sql) {
    const db = new Kysely<Database>({ dialect: new PostgresJSDialect({ postgres: sql }) })
    return {
      line: 'orms.test.ts',
      async work() {
        await db.deleteFrom('person').execute()
        await db
          .insertInto('person')
          .values([
            { id: 1, name: 'one' },
            { id: 2, name: 'two' },
          ])
          .execute()
        await db.transaction().execute(async (trx) => {
          await trx.updateTable('person').set({ name: 'new' }).where('id', '=', 2).execute()
          await trx.deleteFrom('person').where('id', '=', 1).execute()
        })
        return db.selectFrom('person').selectAll().orderBy('id').execute()
      },
      fault: async () => void (await raw`SET search_path = tenant`.execute(db)),
    }
  },
}

const cases = Object.keys(applications).flatMap((orm) =>
  ['PgBouncer', 'the hostile pooler'].map((pooler) => ({ orm, pooler })),
)

describe.each(cases)('$orm over guardSql, behind $pooler', ({ orm, pooler }) => {
  it('works in strict mode, leaves nothing behind, and its fault is refused', async () => {
    const guard = createGuard({ mode: 'strict', pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn() {} } })
    const found: RuleId[] = []
    guard.on('finding', ({ findings }) => void found.push(...findings.map(({ rule }) => rule)))
    const bare: postgres.Sql = postgres(urls[pooler] ?? '', { max: 2, prepare: false, onnotice() {} })
    const sql = guardSql(bare, guard)
    const before = (await reports()).length
    const application = applications[orm]?.(sql)
    expect(await application?.work()).toEqual([{ id: 2, name: 'new' }])
    expect(found).toEqual([])
    const error = await application?.fault().catch((thrown: unknown) => thrown)
    const refusal = ((error as Error).cause ?? error) as Error
    expect(refusal).toMatchObject({ name: 'UnsafeStatementError', rule: 'session/set' })
    expect(refusal.stack).toContain(application?.line)
    await sql.end({ timeout: 5 })
    expect((await reports()).slice(before)).toEqual([])
    expect(guard.stats().totalQueries).toBeGreaterThan(5)
  })
})
