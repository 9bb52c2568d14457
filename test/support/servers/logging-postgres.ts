import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const pollMillis = 5

/** A server that logs each statement, behind the name of its client and `|`. */
export interface LoggingPostgres {
  readonly server: PostgresServer
  /** A client with the name `admin`. */
  readonly admin: pg.Client
  /** Returns the lines that the server logs while `work` runs. */
  logOf(work: () => Promise<unknown>): Promise<string>
  stop(): Promise<void>
}

/** @param settings further settings of the server */
export async function startLoggingPostgres(settings: Readonly<Record<string, string>> = {}): Promise<LoggingPostgres> {
  const server = await startPostgres({
    settings: { log_statement: 'all', log_line_prefix: '%a|', log_min_messages: 'log', ...settings },
  })
  const admin = new pg.Client({ connectionString: server.url, application_name: 'admin' })
  await admin.connect()
  let marks = 0
  /** The server writes its log in order, but later: a statement of ours shows how far it has come. */
  const mark = async (): Promise<number> => {
    const text = `SELECT 'mark ${++marks}'`
    await admin.query(text)
    while (!server.log().includes(text)) await sleep(pollMillis)
    return server.log().indexOf(text)
  }
  return {
    server,
    admin,
    async logOf(work) {
      const from = await mark()
      await work()
      const to = await mark()
      return server.log().slice(from, to)
    },
    async stop() {
      await admin.end()
      await server.stop()
    },
  }
}
