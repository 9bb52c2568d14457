import type { Guard, GuardOptions } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import postgres from 'postgres'

/** Options of postgres.js with its defaults, except that it prints no notices. */
export type SqlOptions = postgres.Options<Record<string, postgres.PostgresType>>

export interface Setup {
  readonly guard?: Guard | GuardOptions | undefined
  readonly options?: SqlOptions
}

/** Names of statements are tracked, as by PgBouncer 1.21 and later: then the defaults of postgres.js are safe. */
export const quiet: GuardOptions = { logger: { warn() {} } }

export type Use = <Result>(setup: Setup, work: (sql: postgres.Sql) => Promise<Result>) => Promise<Result>

/** Runs work on an `sql` of one connection, and ends it. */
export function sqlOn(url: () => string): Use {
  return async ({ guard, options }, work) => {
    const bare: postgres.Sql = postgres(url(), { max: 1, onnotice() {}, ...options })
    const sql = guard === undefined ? bare : guardSql(bare, guard)
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  }
}
