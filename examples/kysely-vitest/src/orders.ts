import { sql } from 'kysely'
import type { Database, Trx } from './database.ts'

/** All statements of one tenant run in one transaction. Only this transaction knows the tenant. */
export function asTenant<Result>(db: Database, tenant: number, work: (trx: Trx) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(async (trx) => {
    await sql`select set_config('app.tenant', ${String(tenant)}, true)`.execute(trx)
    return work(trx)
  })
}

export function placeOrder(db: Database, tenant: number, item: string): Promise<number> {
  return asTenant(db, tenant, async (trx) => {
    const { id } = await trx.insertInto('orders').values({ tenant, item }).returning('id').executeTakeFirstOrThrow()
    await sql`select pg_notify('orders', ${item})`.execute(trx)
    return id
  })
}

export function ordersOf(db: Database, tenant: number): Promise<string[]> {
  return asTenant(db, tenant, itemsIn)
}

export async function itemsIn(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('orders').select('item').orderBy('id').execute()
  return rows.map(({ item }) => item)
}

export function countOrders(db: Database, tenant: number): Promise<number> {
  return asTenant(db, tenant, async (trx) => {
    await sql`set local statement_timeout = '5s'`.execute(trx)
    return countIn(trx)
  })
}

export async function countIn(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('orders')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
