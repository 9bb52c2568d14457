import { sql } from 'kysely'
import type { Database } from './database.ts'
import { asTenant } from './orders.ts'

export function exportOrders(db: Database, tenant: number, pageSize: number): Promise<string[][]> {
  return asTenant(db, tenant, async (trx) => {
    await sql`declare export cursor for select item from orders order by id`.execute(trx)
    return pagesOf(trx, pageSize)
  })
}

export async function pagesOf(db: Database, pageSize: number): Promise<string[][]> {
  const pages: string[][] = []
  for (;;) {
    const { rows } = await sql<{ item: string }>`fetch ${sql.lit(pageSize)} from export`.execute(db)
    if (rows.length === 0) return pages
    pages.push(rows.map(({ item }) => item))
  }
}

export function importOrders(db: Database, tenant: number, items: readonly string[]): Promise<number> {
  return asTenant(db, tenant, async (trx) => {
    await sql`create temp table incoming (item text) on commit drop`.execute(trx)
    return fillFrom(trx, tenant, items)
  })
}

export async function fillFrom(db: Database, tenant: number, items: readonly string[]): Promise<number> {
  await sql`insert into incoming select unnest(${items}::text[])`.execute(db)
  const { numAffectedRows } = await sql`
    insert into orders (tenant, item)
    select ${tenant}::int, item from incoming where item not in (select item from orders)`.execute(db)
  return Number(numAffectedRows)
}
