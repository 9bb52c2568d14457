import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard, type Guard, type GuardOptions, type QueryEvent } from '@poolsafe/core'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'

const pollMillis = 5

/** A guard and the statements that it tells of, in their order. */
export interface Watched {
  readonly guard: Guard
  readonly events: readonly QueryEvent[]
}

export function watchedGuard(options: GuardOptions = {}): Watched {
  const guard = createGuard({ logger: { warn: () => {} }, ...options })
  const events: QueryEvent[] = []
  guard.on('query', (event) => void events.push(event))
  return { guard, events }
}

/** Statement and rows; of a failure the SQLSTATE in the place of the rows, or that the server told none. */
export type Told = readonly [statement: string, outcome: number | string | undefined]

export function toldOf({ statement, rows, failed, sqlState }: QueryEvent): Told {
  return [statement, failed ? (sqlState ?? 'failed') : rows]
}

/** A server that writes down each statement that a client of this name sends. */
export interface LoggingServer {
  readonly server: PostgresServer
  /** How many statements it was sent by clients of that name while `work` ran. */
  sent(applicationName: string, work: () => Promise<unknown>): Promise<number>
  stop(): Promise<void>
}

export async function startLoggingServer(): Promise<LoggingServer> {
  const server = await startPostgres({
    settings: { log_statement: 'all', log_line_prefix: '%a|', log_min_messages: 'log' },
  })
  const admin = new pg.Client({ connectionString: server.url, application_name: 'admin' })
  await admin.connect()
  let marks = 0
  /** The server writes its log in order, but when it likes: a statement of ours tells how far it has come. */
  const mark = async (): Promise<number> => {
    const text = `SELECT 'mark ${++marks}'`
    await admin.query(text)
    while (!server.log().includes(text)) await sleep(pollMillis)
    return server.log().indexOf(text)
  }
  return {
    server,
    sent: async (applicationName, work) => {
      const from = await mark()
      await work()
      const to = await mark()
      const lines = server.log().slice(from, to).split('\n')
      // A cursor that goes on reading sends no new statement.
      return lines.filter(
        (line) => line.startsWith(`${applicationName}|`) && /LOG: {2}(?:statement|execute (?!fetch)[^:]*): /.test(line),
      ).length
    },
    stop: async () => {
      await admin.end()
      await server.stop()
    },
  }
}
