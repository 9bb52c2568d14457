import { createGuard, poolers } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'

/** A pool through a PgBouncer, strictly guarded and silent. */
export function strictPool(connectionString: string): pg.Pool {
  const pooler = poolers.pgbouncer({ version: '1.18' })
  return guardPool(
    new pg.Pool({ connectionString }),
    createGuard({ mode: 'strict', logger: { warn: () => {} }, pooler }),
  )
}
