import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import type { Guard } from '@poolsafe/core'
import type { ConformanceAdapter, ConformanceClient, Query } from '@poolsafe/testing/conformance'
import { CompiledQuery, Kysely, PostgresDialect, sql, type QueryExecutorProvider } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { circular } from './circular.ts'

interface KyselyClient extends ConformanceClient {
  readonly db: Kysely<unknown>
}

const chunkSize = 10

/** Over a pool that nothing guards: the dialect judges and observes. */
export const kyselyAdapter: ConformanceAdapter<KyselyClient> = {
  name: 'Kysely',
  sqlStateOf: (error) => (error as { code?: unknown }).code,
  open: (url, guard) => clientOf(new pg.Pool({ connectionString: url, max: 1 }), guard),
  streams: {
    async *stream({ db }, text) {
      for await (const { rows } of db.getExecutor().stream(CompiledQuery.raw(text), chunkSize)) yield* rows
    },
  },
}

/** Over a guarded pool, which judges, observes and cancels; the dialect must not do so again. */
export const kyselyOverPgAdapter: ConformanceAdapter<KyselyClient> = {
  ...kyselyAdapter,
  name: 'Kysely over a guarded pool',
  open(url, guard) {
    const bare = new pg.Pool({ connectionString: url, max: 1 })
    return clientOf(guard === undefined ? bare : guardPool(bare, guard), guard)
  },
  cancellable: ({ db }, text, signal) =>
    sql.raw(text).execute(db, { signal, inflightQueryAbortStrategy: 'cancel query' }),
}

function clientOf(pool: pg.Pool, guard: Guard | undefined): KyselyClient {
  const bare = new PostgresDialect({ pool, cursor: Cursor })
  const db = new Kysely<unknown>({ dialect: guard === undefined ? bare : guardDialect(bare, guard) })
  return {
    db,
    query: queryOn(db),
    transaction: (work) =>
      db.transaction().execute((trx) => work(queryOn(trx), () => sql`select ${circular()}`.execute(trx))),
    close: () => db.destroy(),
  }
}

function queryOn(executor: QueryExecutorProvider): Query {
  return async (text) => (await executor.getExecutor().executeQuery(CompiledQuery.raw(text))).rows
}
