import type { PoolsafeError } from '@poolsafe/core'
import {
  sqlStateOf,
  StatementSender,
  Transaction,
  type Analysis,
  type AnswerReader,
  type Engine,
  type Rewriter,
} from '@poolsafe/core/adapter'
import { firstReason, type ConnectionControl, type Holdable } from '@poolsafe/core/internal'
import type { DatabaseConnection, QueryResult } from 'kysely'
import { Acquisition } from './acquiring.ts'
import { followAbortable, guardCancelling, type Abortable } from './cancelling.ts'
import { originalOf } from './original.ts'

/** The state of one Kysely connection. */
export interface ConnectionState {
  readonly transaction: Transaction
  /** Judges, sends and observes its statements, unless a guarded pool below does. */
  readonly sender: StatementSender
  /** True if a guarded pool below judges its statements. */
  judgedBelow: boolean
  /** Set by a guarded pool below that can cancel. */
  control: ConnectionControl | undefined
  /** The current checkout, if the pool below follows it. */
  holding: Holdable | undefined
  /** The running queries that an abort signal may end. */
  readonly abortables: Set<Abortable>
  /** True if the driver has begun the open transaction by a statement, so that it ends it by one. */
  beginsByStatement: boolean
  /** The latest refusal, until Kysely releases the connection. */
  refused: PoolsafeError | undefined
}

/** Keeps the state of a connection. A property, because a map would cost more than all the rest. */
const stateKey: unique symbol = Symbol('poolsafe.state')

/** Returns the state of a guarded connection. */
export function stateOf(
  connection: DatabaseConnection & { readonly [stateKey]?: ConnectionState },
): ConnectionState | undefined {
  return connection[stateKey]
}

/** Guards a connection in place, unless it is guarded already. */
export function guardConnection(connection: DatabaseConnection, guard: Engine): ConnectionState {
  const known = stateOf(connection)
  if (known !== undefined) return known
  const transaction = new Transaction({ isAnswered: true })
  const onRefusal = (refusal: PoolsafeError, analysis: Analysis): PoolsafeError => {
    state.refused = firstReason(state.refused, refusal, analysis)
    // The statement was refused inside a dialect hook, so the acquiring call must release the connection.
    Acquisition.current()?.uses(connection)
    return state.refused
  }
  const state: ConnectionState = {
    transaction,
    sender: new StatementSender(guard, reader, {
      transaction,
      onRefusal,
      rewriter,
      seesEnd: () => state.beginsByStatement,
    }),
    judgedBelow: false,
    beginsByStatement: true,
    control: undefined,
    holding: undefined,
    abortables: new Set(),
    refused: undefined,
  }
  Object.defineProperty(connection, stateKey, { value: state })
  guardCancelling(connection, guard, state)
  guardQueries(connection, state)
  return state
}

/** How Kysely's drivers answer. */
const reader: AnswerReader = {
  layer: 'kysely',
  sqlStateOf,
  rowsOf(result) {
    const { rows, numAffectedRows } = result as QueryResult<unknown>
    return numAffectedRows === undefined ? rows.length : Number(numAffectedRows)
  },
  answerOf(result) {
    const { rows } = result as QueryResult<unknown>
    // For a COMMIT, PostgresDriver returns the command tag instead of rows.
    return { rows, command: (rows[0] as { command?: string } | undefined)?.command }
  },
}

/** A compiled query is frozen. Kysely's own log has the application's. */
const rewriter: Rewriter = {
  withText: (query: Query, sql) => Object.freeze({ ...query, sql }),
  parametersOf: ({ parameters }: Query) => parameters,
}

type Query = Parameters<DatabaseConnection['executeQuery']>[0]
type QueryOptions = Parameters<DatabaseConnection['executeQuery']>[1]

/** The hot path allocates nothing: no argument list and no function for each query. */
function guardQueries(connection: DatabaseConnection, state: ConnectionState): void {
  const execute = originalOf(connection, 'executeQuery')
  const stream = originalOf(connection, 'streamQuery')
  const { sender } = state

  function executeQuery<R>(query: Query, options?: QueryOptions): Promise<QueryResult<R>> {
    // A guarded pool below judges and observes: it sees more.
    if (state.judgedBelow) return forward<R>(query, options)
    return sender.send(query.sql, executeQuery, forward<R>, query, options)
  }
  function forward<R>(query: Query, options: QueryOptions): Promise<QueryResult<R>> {
    if (options === undefined) return execute<R>(query)
    const { signal } = options
    const { control, abortables } = state
    if (signal === undefined || control === undefined) return execute<R>(query, options)
    return followAbortable({ signal, control, abortables }, () => execute<R>(query, options))
  }
  function streamQuery<R>(...args: Parameters<typeof stream>): ReturnType<typeof stream<R>> {
    if (state.judgedBelow) return stream<R>(...args)
    return sender.stream(args[0].sql, streamQuery, () => stream<R>(...args))
  }
  connection.executeQuery = executeQuery
  connection.streamQuery = streamQuery
}
