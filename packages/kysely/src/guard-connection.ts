import { harmless, Transaction, type Analysis, type Answer, type ConnectionControl, type Entry, type Guard } from '@poolsafe/core'
import type { DatabaseConnection, QueryResult } from 'kysely'
import { Acquisition } from './acquiring.ts'
import { guardCancelling } from './cancelling.ts'
import { isOfServer, sqlStateOf } from './server-error.ts'

/** What is known of one connection of Kysely. */
export interface ConnectionState {
  readonly transaction: Transaction
  /** A guarded pool below judges what is sent on it. */
  judgedBelow: boolean
  /** Set by a guarded pool below that can cancel. */
  control: ConnectionControl | undefined
}

const states = new WeakMap<DatabaseConnection, ConnectionState>()

/** What is known of a guarded connection. */
export function stateOf(connection: DatabaseConnection): ConnectionState | undefined {
  return states.get(connection)
}

/** Guards a connection, in place, if that has not been done. */
export function guardConnection(connection: DatabaseConnection, guard: Guard): ConnectionState {
  const known = states.get(connection)
  if (known !== undefined) return known
  const state: ConnectionState = { transaction: new Transaction(), judgedBelow: false, control: undefined }
  states.set(connection, state)
  guardCancelling(connection, guard, state)
  guardQueries(connection, guard, state)
  return state
}

function guardQueries(connection: DatabaseConnection, guard: Guard, state: ConnectionState): void {
  const execute = connection.executeQuery.bind(connection)
  const stream = connection.streamQuery.bind(connection)

  const executeQuery: DatabaseConnection['executeQuery'] = <R>(...args: Parameters<typeof execute>) => {
    const { sql } = args[0]
    const analysis = analyze(sql)
    const error = refuse(sql, analysis, executeQuery)
    if (error !== undefined) return Promise.reject(error)
    const result = state.transaction.watch(
      observe(sql, executeQuery, () => execute<R>(...args)),
      isOfServer,
    )
    if (analysis.telltales === undefined) return result
    return result.then((answered) => {
      const told = guard.refuseAnswer(sql, analysis, [answerIn(answered)])
      if (told !== undefined) throw told
      return answered
    })
  }
  const streamQuery: DatabaseConnection['streamQuery'] = (...args) => {
    const error = refuse(args[0].sql, analyze(args[0].sql), streamQuery)
    return error === undefined ? stream(...args) : failing(error)
  }
  function analyze(sql: string): Analysis {
    return state.judgedBelow ? harmless : guard.analyze(sql)
  }
  function refuse(sql: string, analysis: Analysis, entry: (...args: never[]) => unknown): Error | undefined {
    if (analysis === harmless) return undefined
    const error = guard.refuse(sql, analysis, { transaction: state.transaction, pinned: true }, entry)
    // Refused inside a hook of the dialect: whoever acquires the connection has to give it back.
    if (error !== undefined) Acquisition.current()?.uses(connection)
    return error
  }
  /** Of a guarded pool below, the pool observes: it sees more. */
  function observe<R>(sql: string, entry: Entry, send: () => Promise<QueryResult<R>>): Promise<QueryResult<R>> {
    const { observer } = guard
    if (observer === undefined || state.judgedBelow) return send()
    const execution = observer.begin(sql, 'kysely', entry)
    const result = send()
    result.then(
      ({ rows, numAffectedRows }) => {
        execution.rows = numAffectedRows === undefined ? rows.length : Number(numAffectedRows)
        observer.end(execution)
      },
      (error: unknown) => observer.end(execution, sqlStateOf(error) ?? ''),
    )
    return result
  }
  connection.executeQuery = executeQuery
  connection.streamQuery = streamQuery
}

/** Of a COMMIT, PostgresDriver gives the command in the place of a row. */
function answerIn({ rows }: QueryResult<unknown>): Answer {
  return { rows, command: (rows[0] as { command?: string } | undefined)?.command }
}

/** A stream reports its errors where it is read. */
// oxlint-disable-next-line require-yield
async function* failing(error: Error): AsyncIterableIterator<never> {
  throw error
}
