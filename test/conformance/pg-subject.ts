import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { inTransaction } from '../support/session/in-transaction.ts'
import { circular, type Subject } from './subject.ts'

export const pgSubject: Subject = {
  name: 'pg',
  sqlStateOf: (error) => (error as { code?: unknown }).code,
  open(url, guard) {
    const bare = new pg.Pool({ connectionString: url, max: 1 })
    const pool = guard === undefined ? bare : guardPool(bare, guard)
    const rows = (result: pg.QueryResult): unknown[] => result.rows as unknown[]
    return {
      query: async (sql) => rows(await pool.query(sql)),
      close: () => pool.end(),
      transaction: (work) =>
        inTransaction(pool, (client) => {
          const failInClient = (): Promise<unknown> => client.query('SELECT $1', [circular()])
          return work(async (sql) => rows(await client.query(sql)), failInClient)
        }),
    }
  },
}
