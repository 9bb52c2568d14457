import type { CompiledQuery } from 'kysely'

/**
 * Returns what `CompiledQuery.raw` makes. poolsafe imports Kysely for its types alone, so that every copy and version
 * fits.
 */
export function rawQuery<Row>(sql: string, parameters: readonly unknown[] = []): CompiledQuery<Row> {
  return {
    sql,
    parameters,
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: 'poolsafe' },
  }
}
