import { createGuard, poolers, UnsafeStatementError, type Guard, type RuleId } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { AbortedTransactionError, Kysely, PostgresDialect, sql, type Dialect } from 'kysely'
import * as oldest from 'kysely-oldest'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Watched {
  readonly guard: Guard
  readonly rules: readonly RuleId[]
}

function watched(mode: 'warn' | 'strict'): Watched {
  const rules: RuleId[] = []
  const guard = createGuard({ mode, pooler: poolers.direct(), logger: { warn() {} } })
  guard.on('finding', ({ findings }) => void rules.push(...findings.map(({ rule }) => rule)))
  return { guard, rules }
}

const layers: readonly (readonly [string, (pool: pg.Pool, guard: Guard) => Dialect])[] = [
  ['the dialect', (pool, guard) => guardDialect(new PostgresDialect({ pool }), guard)],
  ['the pool', (pool, guard) => new PostgresDialect({ pool: guardPool(pool, guard) })],
  ['both', (pool, guard) => guardDialect(new PostgresDialect({ pool: guardPool(pool, guard) }), guard)],
]

describe.each(layers)('with %s guarded', (_layer, dialectOf) => {
  async function use(guard: Guard, work: (db: Kysely<unknown>) => Promise<unknown>): Promise<void> {
    const db = new Kysely<unknown>({ dialect: dialectOf(new pg.Pool({ connectionString: server.url, max: 1 }), guard) })
    try {
      await work(db)
    } finally {
      await db.destroy()
    }
  }

  const unlock = sql<{ unlocked: boolean }>`select pg_advisory_unlock(42) as unlocked`
  const onConnection = (db: Kysely<unknown>): Promise<readonly unknown[]> =>
    db.connection().execute(async (connection) => (await unlock.execute(connection)).rows)

  it('an unlock that found no lock is reported', async () => {
    const { guard, rules } = watched('warn')
    await use(guard, async (db) => expect(await onConnection(db)).toEqual([{ unlocked: false }]))
    expect(rules).toEqual(['session/unlock-not-held'])
  })

  it('an unlock that found no lock is rejected in strict mode, and the connection stays', async () => {
    const { guard, rules } = watched('strict')
    await use(guard, async (db) => {
      await expect(onConnection(db)).rejects.toMatchObject({ rule: 'session/unlock-not-held', wasSent: true })
      expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    })
    expect(rules).toEqual(['session/unlock-not-held'])
  })

  /** Its error, which aborts the transaction, is swallowed. */
  const failing = (db: Kysely<unknown>): Promise<unknown> =>
    db.transaction().execute(async (trx) => {
      await sql`select 1/0`.execute(trx).catch(() => {})
    })

  it('a COMMIT that was rolled back is reported, beside Kysely’s own error', async () => {
    const { guard, rules } = watched('warn')
    await use(guard, async (db) => expect(failing(db)).rejects.toBeInstanceOf(AbortedTransactionError))
    expect(rules).toEqual(['transaction/commit-rolled-back'])
  })

  it('a COMMIT that was rolled back is rejected in strict mode, and the connection is as good as ever', async () => {
    const { guard } = watched('strict')
    await use(guard, async (db) => {
      await expect(failing(db)).rejects.toBeInstanceOf(UnsafeStatementError)
      await db.transaction().execute((trx) => sql`select 1`.execute(trx))
    })
  })
})

it('a COMMIT of Kysely 0.28, which does not look at the answer, is rejected by a guarded pool', async () => {
  const { guard } = watched('strict')
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  const db = new oldest.Kysely<unknown>({ dialect: new oldest.PostgresDialect({ pool }) })
  const committed = db.transaction().execute(async (trx) => {
    await oldest.sql`select 1/0`.execute(trx).catch(() => {})
  })
  await expect(committed).rejects.toMatchObject({ rule: 'transaction/commit-rolled-back' })
  await db.destroy()
})
