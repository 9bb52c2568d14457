import type { ConformanceAdapter, ConformanceClient } from '@poolsafe/testing/conformance'
import knex, { type Knex } from 'knex'
import { guardKnex } from './guard-knex.ts'

interface KnexClient extends ConformanceClient {
  readonly db: Knex
}

/** A parameter that cannot be serialised. */
const circular: Record<string, unknown> = {}
circular['self'] = circular

export const knexAdapter: ConformanceAdapter<KnexClient> = {
  name: 'Knex',
  open(url, guard) {
    const config = { client: 'pg', connection: url, pool: { min: 0, max: 1 } }
    const db = guard === undefined ? knex(config) : guardKnex(config, guard)
    return {
      db,
      query: (sql) => rowsOf(db.raw(sql)),
      transaction: (work) =>
        db.transaction((trx) =>
          work(
            (sql) => rowsOf(trx.raw(sql)),
            () => Promise.resolve(trx.raw('SELECT ?', [circular as unknown as string])),
          ),
        ),
      close: () => db.destroy(),
    }
  },
  sqlStateOf: (error) => (error as { readonly code?: unknown }).code,
  streams: { stream: ({ db }, sql) => db.raw(sql).stream({ highWaterMark: 10 }) as AsyncIterable<unknown> },
}

async function rowsOf(raw: Knex.Raw): Promise<readonly unknown[]> {
  return ((await raw) as { readonly rows: readonly unknown[] }).rows
}
