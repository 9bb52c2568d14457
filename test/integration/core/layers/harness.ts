import { createGuard, type Guard, type GuardOptions, type QueryEvent } from '@poolsafe/core'
import { startLoggingPostgres, type LoggingPostgres } from '../../../support/servers/logging-postgres.ts'

/** A guard and the statements that it reports, in their order. */
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

/** Statement and rows; for a failure the SQLSTATE instead of the rows, or `failed` if the server sent none. */
export type Told = readonly [statement: string, outcome: number | string | undefined]

export function toldOf({ statement, rows, failed, sqlState }: QueryEvent): Told {
  return [statement, failed ? (sqlState ?? 'failed') : rows]
}

/** A server that counts the statements of its clients. */
export interface LoggingServer extends Pick<LoggingPostgres, 'server' | 'stop'> {
  /** How many statements clients of that name sent while `work` ran. */
  sent(applicationName: string, work: () => Promise<unknown>): Promise<number>
}

export async function startLoggingServer(): Promise<LoggingServer> {
  const logging = await startLoggingPostgres()
  return {
    ...logging,
    sent: async (applicationName, work) => {
      const lines = (await logging.logOf(work)).split('\n')
      // A cursor that goes on reading sends no new statement.
      return lines.filter(
        (line) => line.startsWith(`${applicationName}|`) && /LOG: {2}(?:statement|execute (?!fetch)[^:]*): /.test(line),
      ).length
    },
  }
}
