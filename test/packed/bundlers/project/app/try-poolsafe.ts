import { createGuard, findPoolsafeError, poolers, UnsafeStatementError } from '@poolsafe/core'
import { isParserLoaded } from '@poolsafe/core/internal'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'

const unsafe = "SET app.tenant = 'a'"

/**
 * Sends harmless and unsafe statements through pg and Kysely in strict mode. @returns what became of them, for
 * `main.ts` to compare
 */
export async function tryPoolsafe(): Promise<object> {
  const guard = createGuard({ mode: 'strict', pooler: poolers.pgbouncer({ version: '1.24' }) })
  const connectionString = process.env['DATABASE_URL']
  const pool = guardPool(new pg.Pool({ connectionString, max: 1 }), guard)
  const dialect = new PostgresDialect({
    pool: new pg.Pool({ connectionString, max: 1 }),
    onCreateConnection: (connection) => connection.executeQuery(CompiledQuery.raw(unsafe)).then(() => undefined),
  })
  const db = new Kysely<unknown>({ dialect: guardDialect(dialect, guard) })
  try {
    const { rows } = await pool.query('SELECT 1 AS one')
    return {
      harmless: rows,
      isParserLoadedAfterIt: isParserLoaded(),
      unsafe: await refusalOf(pool.query(unsafe)),
      unsafeBlock: await refusalOf(pool.query("DO $$ BEGIN PERFORM set_config('app.tenant', 'a', false); END $$")),
      unsafeHook: await refusalOf(db.executeQuery(CompiledQuery.raw('SELECT 1'))),
    }
  } finally {
    await pool.end()
    await db.destroy()
  }
}

async function refusalOf(sent: Promise<unknown>): Promise<readonly unknown[]> {
  try {
    await sent
    return ['not refused']
  } catch (caught) {
    const error = findPoolsafeError(caught)
    if (!(error instanceof UnsafeStatementError)) return [String((caught as Error).stack)]
    return [error.name, error.constructor.name, error.rule]
  }
}
