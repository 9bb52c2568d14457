import { sql } from 'kysely'
import type { Database } from '../src/database.ts'

/** Fault 6: the statement is prepared on one server connection, and executed on another. */
export async function priceOf(db: Database, item: string): Promise<number | undefined> {
  return db.connection().execute(async (connection) => {
    await sql`prepare price_of (text) as select cents from prices where item = $1`.execute(connection)
    const { rows } = await sql<{ cents: number }>`execute price_of (${sql.lit(item)})`.execute(connection)
    return rows[0]?.cents
  })
}
