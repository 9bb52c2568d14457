import type { ConnectionControl, Engine } from '@poolsafe/core/adapter'
import type { DatabaseConnection } from 'kysely'

/** A query that an abort signal may end. */
export interface Abortable {
  readonly signal: AbortSignal
  /** The driver's own name for it. */
  readonly query: object
}

/** What the pool below gave with the connection, and the queries on it that a signal may end. */
interface Controlled {
  readonly control: ConnectionControl | undefined
  readonly abortables: ReadonlySet<Abortable>
}

/**
 * Kysely collects what it cancels a query by before it sends it, and only where it is asked to cancel
 * (`inflightQueryAbortStrategy`): the number of the login. The query that cancels would go by a client of its own, past
 * every pool. Where the pool below can send a CancelRequest that is done in its place; elsewhere the guard judges.
 */
export function guardCancelling(connection: DatabaseConnection, guard: Engine, state: Controlled): void {
  const collectSessionInfo = connection.collectSessionInfo?.bind(connection)
  const cancelQuery = connection.cancelQuery?.bind(connection)
  const killSession = connection.killSession?.bind(connection)
  if (collectSessionInfo !== undefined) {
    connection.collectSessionInfo = function collect() {
      if (state.control !== undefined) return Promise.resolve()
      const error = guard.refuseCall('cancelByPid', collect)
      return error === undefined ? collectSessionInfo() : Promise.reject(error)
    }
  }
  if (cancelQuery !== undefined) {
    connection.cancelQuery = async (...args) => {
      const { control } = state
      return control === undefined ? cancelQuery(...args) : cancelAborted(control, state.abortables)
    }
  }
  if (killSession !== undefined) {
    connection.killSession = async (...args) => {
      const { control } = state
      if (control === undefined) return killSession(...args)
      const isUnderWay = [...state.abortables].some(({ signal }) => signal.aborted)
      // Behind a pooler the session at the server is everyone's: what is ours is the query, and our own connection.
      await cancelAborted(control, state.abortables).finally(() => (isUnderWay ? control.close() : undefined))
    }
  }
}

/** Kysely does not say which query it cancels: it is the one whose signal was aborted. */
async function cancelAborted(control: ConnectionControl, abortables: ReadonlySet<Abortable>): Promise<void> {
  const aborted = [...abortables].filter(({ signal }) => signal.aborted)
  for (const { query } of aborted) await control.cancel(query)
}

/**
 * Follows a query that an abort signal may end. What the guard refuses never comes here, so that it is not taken for
 * one that was sent.
 *
 * @param send gives the query to the driver, which has it when that returns
 */
export function followAbortable<Result>(
  { signal, control, abortables }: { signal: AbortSignal; control: ConnectionControl; abortables: Set<Abortable> },
  send: () => Promise<Result>,
): Promise<Result> {
  const before = control.latest()
  const result = send()
  const query = control.latest()
  if (query === undefined || query === before) return result
  const abortable: Abortable = { signal, query }
  abortables.add(abortable)
  const forget = (): void => void abortables.delete(abortable)
  result.then(forget, forget)
  return result
}
