import type { Engine } from '@poolsafe/core/adapter'
import type { ConnectionControl } from '@poolsafe/core/internal'
import type { DatabaseConnection } from 'kysely'

/** A query that an abort signal may end. */
export interface Abortable {
  readonly signal: AbortSignal
  /** The driver's query object. */
  readonly query: object
}

/** The control that the pool below gave with the connection, and the queries that a signal may end. */
interface Controlled {
  readonly control: ConnectionControl | undefined
  readonly abortables: ReadonlySet<Abortable>
}

/**
 * Cancels by CancelRequest if the pool below can send one. Otherwise the guard judges the cancellation. Kysely itself
 * cancels by the process id of the session (`inflightQueryAbortStrategy`): it collects the id before it sends a
 * query, and cancels by a client of its own, which bypasses every pool.
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
      // Behind a pooler other clients share the server session. Only the query and the connection to the pooler are
      // ours.
      await cancelAborted(control, state.abortables).finally(() => (isUnderWay ? control.close() : undefined))
    }
  }
}

/** Kysely does not say which query it cancels. It is the one whose signal was aborted. */
async function cancelAborted(control: ConnectionControl, abortables: ReadonlySet<Abortable>): Promise<void> {
  const aborted = [...abortables].filter(({ signal }) => signal.aborted)
  for (const { query } of aborted) await control.cancel(query)
}

/**
 * Follows a query that an abort signal may end. A refused query never comes here, so it does not count as sent.
 *
 * @param send passes the query to the driver, which has it when `send` returns
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
