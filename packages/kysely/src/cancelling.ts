import type { ConnectionControl, Guard } from '@poolsafe/core'
import type { DatabaseConnection } from 'kysely'

/** A query that an abort signal may end. */
interface Abortable {
  readonly signal: AbortSignal
  /** The driver's own name for it. */
  readonly query: object
}

/** What the pool below gave with the connection. */
interface Controlled {
  readonly control: ConnectionControl | undefined
}

/**
 * Kysely collects what it cancels a query by before it sends it, and only where it is asked to cancel (`inflightQueryAbortStrategy`):
 * the number of the login. The query that cancels would go by a client of its own, past every pool. Where the pool below can send a
 * CancelRequest that is done in its place; elsewhere the guard judges.
 */
export function guardCancelling(connection: DatabaseConnection, guard: Guard, state: Controlled): void {
  const collectSessionInfo = connection.collectSessionInfo?.bind(connection)
  const cancelQuery = connection.cancelQuery?.bind(connection)
  const killSession = connection.killSession?.bind(connection)
  const abortables = new Set<Abortable>()
  followQueries(connection, state, abortables)
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
      return control === undefined ? cancelQuery(...args) : cancelAborted(control, abortables)
    }
  }
  if (killSession !== undefined) {
    connection.killSession = async (...args) => {
      const { control } = state
      if (control === undefined) return killSession(...args)
      const isUnderWay = [...abortables].some(({ signal }) => signal.aborted)
      // Behind a pooler the session at the server is everyone's: what is ours is the query, and our own connection.
      await cancelAborted(control, abortables).finally(() => (isUnderWay ? control.close() : undefined))
    }
  }
}

/** Kysely does not say which query it cancels: it is the one whose signal was aborted. */
async function cancelAborted(control: ConnectionControl, abortables: ReadonlySet<Abortable>): Promise<void> {
  const aborted = [...abortables].filter(({ signal }) => signal.aborted)
  for (const { query } of aborted) await control.cancel(query)
}

/** Beneath the guard, so that a refused query is not taken for one that was sent. Costs nothing without a signal. */
function followQueries(connection: DatabaseConnection, state: Controlled, abortables: Set<Abortable>): void {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = <R>(...args: Parameters<typeof execute>) => {
    const signal = args[1]?.signal
    const control = signal === undefined ? undefined : state.control
    if (signal === undefined || control === undefined) return execute<R>(...args)
    const before = control.latest()
    const result = execute<R>(...args)
    const query = control.latest()
    if (query === undefined || query === before) return result
    const abortable: Abortable = { signal, query }
    abortables.add(abortable)
    const forget = (): void => void abortables.delete(abortable)
    result.then(forget, forget)
    return result
  }
}
