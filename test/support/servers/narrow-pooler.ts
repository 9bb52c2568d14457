import type { PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startPgBouncer } from './pgbouncer.ts'
import { sharedPostgres, type SharedPostgres } from './shared-postgres.ts'

/** A PgBouncer with a single server connection, so that its second client waits. */
export interface NarrowPooler {
  readonly server: SharedPostgres
  readonly pooler: PgBouncerServer
  /** A client of the pooler, which takes its server connection with BEGIN. */
  readonly holder: pg.Client
  /** Holds the only server connection inside a transaction while `work` runs. */
  holding<Result>(work: () => Promise<Result>): Promise<Result>
  stop(): Promise<void>
}

export async function startNarrowPooler(): Promise<NarrowPooler> {
  const server = await sharedPostgres()
  let holder!: pg.Client
  const pooler = await startPgBouncer({ target: server, defaultPoolSize: 1 }, async ({ url }) => {
    holder = new pg.Client(url)
    // A crash of the pooler ends it.
    holder.on('error', () => {})
    await holder.connect()
  })
  return {
    server,
    pooler,
    get holder() {
      return holder
    },
    async holding(work) {
      await holder.query('BEGIN')
      try {
        return await work()
      } finally {
        await holder.query('ROLLBACK')
      }
    },
    async stop() {
      await holder.end().catch(() => {})
      await pooler.stop()
      await server.stop()
    },
  }
}
