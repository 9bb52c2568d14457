import { createGuard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

type Hold = (db: Kysely<unknown>, work: () => Promise<unknown>) => Promise<unknown>

const forms: readonly (readonly [name: string, hold: Hold])[] = [
  ['connection().execute()', (db, work) => holdConnection(db, work)],
  ['transaction().execute()', (db, work) => holdTransaction(db, work)],
]

async function holdConnection(db: Kysely<unknown>, work: () => Promise<unknown>): Promise<unknown> {
  return await db.connection().execute(work)
}

async function holdTransaction(db: Kysely<unknown>, work: () => Promise<unknown>): Promise<unknown> {
  return await db.transaction().execute(work)
}

// Kysely starts its driver with the first call, and takes the first connection behind that.
it.each(forms.flatMap(([name, hold]) => [true, false].map((guarded) => [name, guarded, hold] as const)))(
  'callSites: true names the first checkout of a Kysely: %s, guardDialect: %s',
  async (name, guarded, hold) => {
    const guard = createGuard({ logger: { warn() {}, info() {} } })
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, {
      callSites: true,
      acquireTimeoutMillis: 1000,
    })
    // The connection is open already: the wait below is for its holder alone.
    await pool.query('SELECT 1')
    const dialect = new PostgresDialect({ pool })
    const db = new Kysely<unknown>({ dialect: guarded ? guardDialect(dialect, guard) : dialect })
    const failure = await hold(db, () => pool.connect().catch((error: unknown) => error))
    const holder = name.startsWith('transaction') ? 'holdTransaction' : 'holdConnection'
    expect(String(failure)).toMatch(
      new RegExp(String.raw`held .*${holder} \(test/field/kysely-call-sites\.test\.ts:\d+:\d+\)`),
    )
    await db.destroy()
  },
)
