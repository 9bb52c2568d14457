import type { GuardOptions } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { Kysely, PostgresDialect, type LogEvent, type PostgresDialectConfig } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'

export interface Database {
  person: { id: number; name: string }
}

export interface Setup {
  readonly guard?: GuardOptions | undefined
  readonly dialect?: Partial<PostgresDialectConfig>
  readonly log?: (event: LogEvent) => void
}

export type Use = <Result>(
  setup: Setup,
  work: (db: Kysely<Database>, pool: pg.Pool) => Promise<Result>,
) => Promise<Result>

/** Runs work on a Kysely over a pool of one connection, and closes both. */
export function kyselyOn(url: () => string): Use {
  return async ({ guard, dialect, log }, work) => {
    const pool = new pg.Pool({ connectionString: url(), max: 1 })
    const bare = new PostgresDialect({ pool, cursor: Cursor, ...dialect })
    const db = new Kysely<Database>({
      dialect: guard === undefined ? bare : guardDialect(bare, guard),
      ...(log !== undefined && { log }),
    })
    try {
      return await work(db, pool)
    } finally {
      await db.destroy()
    }
  }
}
