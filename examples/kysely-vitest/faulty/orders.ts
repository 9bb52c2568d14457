import { sql } from 'kysely'
import type { Database } from '../src/database.ts'
import { asTenant, countIn, itemsIn } from '../src/orders.ts'

/** Fault 1: the tenant stays on the server connection, for the client that uses it next. */
export function ordersOf(db: Database, tenant: number): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    await sql`select set_config('app.tenant', ${String(tenant)}, false)`.execute(connection)
    return itemsIn(connection)
  })
}

/** Fault 2: from now on the next user's long queries are cancelled. */
export function countOrders(db: Database, tenant: number): Promise<number> {
  return db.connection().execute(async (connection) => {
    await sql`set statement_timeout = '5s'`.execute(connection)
    return asTenant(connection, tenant, countIn)
  })
}

/** Fault 3: the last value of the session that happens to answer. */
export async function placeOrder(db: Database, tenant: number, item: string): Promise<number> {
  return db.connection().execute(async (connection) => {
    await asTenant(connection, tenant, (trx) => trx.insertInto('orders').values({ tenant, item }).execute())
    const { rows } = await sql<{ id: string }>`select currval('orders_id_seq') as id`.execute(connection)
    return Number(rows[0]?.id)
  })
}
