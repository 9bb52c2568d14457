import { createGuard, poolers } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { Kysely, PostgresDialect, type Generated, type Transaction } from 'kysely'
import pg from 'pg'

export interface Tables {
  orders: { id: Generated<number>; tenant: number; item: string }
  prices: { item: string; cents: number }
  price_changes: { item: string; cents: number; changed_by: string | null }
  jobs: { id: Generated<number>; task: string; taken: Generated<boolean> }
}

export type Database = Kysely<Tables>

/** The connection of requests: through the pooler. */
export function openPooled(connectionString: string): Database {
  const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.24' }) })
  return open(connectionString, guard)
}

/** The direct connection, for migrations. */
export function openDirect(connectionString: string): Database {
  return open(connectionString, createGuard({ pooler: poolers.direct() }))
}

function open(connectionString: string, guard: ReturnType<typeof createGuard>): Database {
  const pool = new pg.Pool({ connectionString, max: 4 })
  return new Kysely({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
}

/** What a transaction of one tenant can run. */
export type Trx = Transaction<Tables>
