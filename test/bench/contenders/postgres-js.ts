import { guardSql } from '@poolsafe/postgres-js'
import postgres from 'postgres'
import { runScenario, type Contender, type Scenario } from '../compare/contender.ts'
import { startWatch } from './watch.ts'

/** Short queries of postgres.js, without names of statements, which the strictest pooler does not carry. */
export async function prepare(variant: string, scenario: Scenario): Promise<Contender> {
  const { concurrency = 1, url = '', operation } = scenario
  const watch = startWatch(variant)
  const plain: postgres.Sql = postgres(url, { max: concurrency, prepare: false })
  const sql = watch.guard === undefined ? plain : guardSql(plain, watch.guard)
  const operate = operations(sql)[operation]
  if (operate === undefined) throw new Error(`There is no operation '${operation}'.`)
  return {
    run: (count) => runScenario(count, scenario, watch.inRequest, operate),
    close: () => sql.end().then(watch.close),
  }
}

function operations(sql: postgres.Sql): Record<string, () => Promise<unknown>> {
  return {
    template: async () => sql`SELECT ${1}::int4 AS one`,
    'template with a fragment': async () => sql`SELECT ${1}::int4 AS one ${sql`WHERE ${1} > 0`}`,
    unsafe: async () => sql.unsafe('SELECT 1'),
    transaction: () => sql.begin((tx) => tx`SELECT 1`),
  }
}
