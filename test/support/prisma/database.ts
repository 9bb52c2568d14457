import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startLoggingPostgres } from '../servers/logging-postgres.ts'
import { sharedPostgres } from '../servers/shared-postgres.ts'

/** A PostgreSQL server with the tables of the schema, which shows every statement that it receives. */
export interface Database {
  readonly url: string
  /** Empties the tables; their ids start at 1 again. */
  reset(): Promise<void>
  /** Returns the statements that the server received while `work` ran, in order, without parameter values. */
  received(work: () => Promise<unknown>): Promise<string[]>
  stop(): Promise<void>
}

export async function startDatabase(): Promise<Database> {
  const logging = await startLoggingPostgres({ log_parameter_max_length: '0' })
  await createTables(logging.admin)
  return {
    url: logging.server.url,
    reset: () => reset(logging.admin),
    received: async (work) => statementsOf(await logging.logOf(work)),
    stop: () => logging.stop(),
  }
}

/** The tables of the schema, without a log. */
export type SharedDatabase = Omit<Database, 'received'>

/** The tables of the schema in a database of the shared server, for tests that do not read what the server received. */
export async function shareDatabase(): Promise<SharedDatabase> {
  const server = await sharedPostgres()
  const admin = new pg.Client(server.url)
  await admin.connect()
  await createTables(admin)
  return {
    url: server.url,
    reset: () => reset(admin),
    async stop() {
      await admin.end()
      await server.stop()
    },
  }
}

async function createTables(admin: pg.Client): Promise<void> {
  await admin.query(await readFile(join(import.meta.dirname, 'tables.sql'), 'utf8'))
}

async function reset(admin: pg.Client): Promise<void> {
  await admin.query('TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY')
}

/** In the log, further lines of a statement begin with a tab. */
function statementsOf(log: string): string[] {
  const lines = log.replaceAll('\n\t', ' ').split('\n')
  return lines.flatMap((line) => /^(?!admin\|)[^|]*\|LOG: {2}(?:statement|execute [^:]*): (.*)$/.exec(line)?.[1] ?? [])
}
