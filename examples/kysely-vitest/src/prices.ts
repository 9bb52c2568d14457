import { sql } from 'kysely'
import type { Database } from './database.ts'

export function setPrice(db: Database, user: string, item: string, cents: number): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await sql`select set_config('app.user', ${user}, true)`.execute(trx)
    await trx
      .insertInto('prices')
      .values({ item, cents })
      .onConflict((conflict) => conflict.column('item').doUpdateSet({ cents }))
      .execute()
  })
}

export async function priceOf(db: Database, item: string): Promise<number | undefined> {
  const row = await db.selectFrom('prices').select('cents').where('item', '=', item).executeTakeFirst()
  return row?.cents
}
