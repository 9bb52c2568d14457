import { guardDialect } from '@poolsafe/kysely'
import { CompiledQuery, Kysely, PostgresDialect, sql, type QueryExecutorProvider } from 'kysely'
import pg from 'pg'
import { circular, type Query, type Subject } from './subject.ts'

export const kyselySubject: Subject = {
  name: 'Kysely',
  sqlStateOf: (error) => (error as { code?: unknown }).code,
  open(url, guard) {
    const bare = new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) })
    const db = new Kysely<unknown>({ dialect: guard === undefined ? bare : guardDialect(bare, guard) })
    const queryOn = (executor: QueryExecutorProvider): Query => {
      return async (text) => {
        const query = CompiledQuery.raw(text)
        return (await executor.getExecutor().executeQuery(query)).rows
      }
    }
    return {
      query: queryOn(db),
      transaction: (work) =>
        db.transaction().execute((trx) => work(queryOn(trx), () => sql`select ${circular()}`.execute(trx))),
      close: () => db.destroy(),
    }
  },
}
