import { sql } from 'kysely'
import type { Database } from '../src/database.ts'
import { asTenant } from '../src/orders.ts'
import { fillFrom, pagesOf } from '../src/transfer.ts'

/** Fault 4: the cursor, with all rows in it, stays on the server connection. */
export function exportOrders(db: Database, tenant: number, pageSize: number): Promise<string[][]> {
  return db.connection().execute(async (connection) => {
    await asTenant(connection, tenant, (trx) =>
      sql`declare export cursor with hold for select item from orders order by id`.execute(trx),
    )
    return pagesOf(connection, pageSize)
  })
}

/** Fault 5: the table stays, and the next import on that server connection fails. */
export function importOrders(db: Database, tenant: number, items: readonly string[]): Promise<number> {
  return db.connection().execute(async (connection) => {
    await sql`create temp table incoming (item text)`.execute(connection)
    return asTenant(connection, tenant, (trx) => fillFrom(trx, tenant, items))
  })
}
