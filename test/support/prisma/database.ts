import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'

const pollMillis = 5

/** A PostgreSQL server with the tables of the schema, that tells every statement it gets. */
export interface Database {
  readonly url: string
  /** Empties the tables; their ids start at 1 again. */
  reset(): Promise<void>
  /** What the server received while `work` ran, in order, without parameter values. */
  received(work: () => Promise<unknown>): Promise<string[]>
  stop(): Promise<void>
}

export async function startDatabase(): Promise<Database> {
  const settings = {
    log_statement: 'all',
    log_line_prefix: '%a|',
    log_parameter_max_length: '0',
    log_min_messages: 'log',
  }
  const server = await startPostgres({ settings })
  const admin = new pg.Client({ connectionString: server.url, application_name: 'admin' })
  await admin.connect()
  await admin.query(await readFile(join(import.meta.dirname, 'tables.sql'), 'utf8'))
  let marks = 0
  /** The server writes its log in order, but when it likes: a statement of ours tells how far it has come. */
  const mark = async (): Promise<number> => {
    const text = `SELECT 'mark ${++marks}'`
    await admin.query(text)
    while (!server.log().includes(text)) await sleep(pollMillis)
    return server.log().indexOf(text)
  }
  return {
    url: server.url,
    reset: async () =>
      void (await admin.query('TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY')),
    received: async (work) => {
      const from = await mark()
      await work()
      const to = await mark()
      return statementsOf(server.log().slice(from, to))
    },
    stop: async () => {
      await admin.end()
      await server.stop()
    },
  }
}

/** A statement's further lines begin with a tab. */
function statementsOf(log: string): string[] {
  const lines = log.replaceAll('\n\t', ' ').split('\n')
  return lines.flatMap((line) => /^(?!admin\|)[^|]*\|LOG: {2}(?:statement|execute [^:]*): (.*)$/.exec(line)?.[1] ?? [])
}
