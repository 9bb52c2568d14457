import { createGuard, poolers } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, type Generated, type Transaction } from 'kysely'
import pg from 'pg'

export interface Tables {
  orders: { id: Generated<number>; tenant: number; item: string }
  prices: { item: string; cents: number }
  price_changes: { item: string; cents: number; changed_by: string | null }
  jobs: { id: Generated<number>; task: string; taken: Generated<boolean> }
}

export type Database = Kysely<Tables>

/**
 * The connection of requests: through the pooler.
 *
 * @param direct the direct URL, for code that is not safe behind the pooler: statements are repaired where that is
 *   exact, and connections that need a session move to a direct one
 */
export function openPooled(connectionString: string, direct?: string): Database {
  const mode = direct === undefined ? 'warn' : 'repair'
  const guard = createGuard({ mode, pooler: poolers.pgbouncer({ version: '1.24' }) })
  return open(connectionString, guard, direct)
}

/** The direct connection, for migrations. */
export function openDirect(connectionString: string): Database {
  return open(connectionString, createGuard({ pooler: poolers.direct() }))
}

function open(connectionString: string, guard: ReturnType<typeof createGuard>, direct?: string): Database {
  const pool = new pg.Pool({ connectionString, max: 4 })
  if (direct !== undefined) guardPool(pool, guard, { direct })
  return new Kysely({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
}

/** The statements that a transaction of one tenant can run. */
export type Trx = Transaction<Tables>
