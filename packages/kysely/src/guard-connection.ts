import type { Guard, PoolsafeError } from '@poolsafe/core'
import {
  firstReason,
  harmless,
  onlyBegins,
  sqlStateOf,
  Transaction,
  type Analysis,
  type Answer,
  type ConnectionControl,
  type Entry,
  type Holdable,
  type Observer,
} from '@poolsafe/core/adapter'
import type { DatabaseConnection, QueryResult } from 'kysely'
import { Acquisition } from './acquiring.ts'
import { followAbortable, guardCancelling, type Abortable } from './cancelling.ts'
import { ended, observeStream } from './observing.ts'
import { originalOf } from './original.ts'

/** What is known of one connection of Kysely. */
export interface ConnectionState {
  readonly transaction: Transaction
  /** A guarded pool below judges what is sent on it. */
  judgedBelow: boolean
  /** Set by a guarded pool below that can cancel. */
  control: ConnectionControl | undefined
  /** Its present checkout, where the pool below says that it is worth knowing. */
  holding: Holdable | undefined
  /** The queries on it that an abort signal may end. */
  readonly abortables: Set<Abortable>
  /** What was refused on it last, until Kysely releases it. */
  refused: PoolsafeError | undefined
  /** When its transaction began, where nothing below knows; 0 outside one. */
  transactionSince: number
}

/** Where a connection keeps its state: a property, as a map would cost more than all the rest. */
const stateKey: unique symbol = Symbol('poolsafe.state')

/** What is known of a guarded connection. */
export function stateOf(
  connection: DatabaseConnection & { readonly [stateKey]?: ConnectionState },
): ConnectionState | undefined {
  return connection[stateKey]
}

/** Guards a connection, in place, if that has not been done. */
export function guardConnection(connection: DatabaseConnection, guard: Guard): ConnectionState {
  const known = stateOf(connection)
  if (known !== undefined) return known
  const state: ConnectionState = {
    transaction: new Transaction({ isAnswered: true }),
    judgedBelow: false,
    control: undefined,
    holding: undefined,
    abortables: new Set(),
    refused: undefined,
    transactionSince: 0,
  }
  Object.defineProperty(connection, stateKey, { value: state })
  guardCancelling(connection, guard, state)
  guardQueries(connection, guard, state)
  return state
}

type Query = Parameters<DatabaseConnection['executeQuery']>[0]
type QueryOptions = Parameters<DatabaseConnection['executeQuery']>[1]

/** The hot path is straight: no list of arguments, and no function made, for a query that nothing is to be done for. */
function guardQueries(connection: DatabaseConnection, guard: Guard, state: ConnectionState): void {
  const execute = originalOf(connection, 'executeQuery')
  const stream = originalOf(connection, 'streamQuery')
  const { observer } = guard
  const { transaction } = state

  function executeQuery<R>(query: Query, options?: QueryOptions): Promise<QueryResult<R>> {
    if (state.judgedBelow) return send<R>(query, options)
    const { sql } = query
    const analysis = guard.analyze(sql)
    const error = analysis === harmless ? undefined : refuse(sql, analysis, executeQuery)
    if (error !== undefined) return Promise.reject(error)
    // Of a guarded pool below, the pool observes: it sees more.
    const sent = observer === undefined ? send<R>(query, options) : observe<R>(query, options, analysis, observer)
    const result = analysis === harmless && transaction.isBare ? sent : transaction.watch(sent, sqlStateOf)
    return analysis.telltales === undefined
      ? result
      : result.then((answered) => judgeAnswer(guard, sql, analysis, answered))
  }
  function observe<R>(query: Query, options: QueryOptions, analysis: Analysis, by: Observer): Promise<QueryResult<R>> {
    const execution = by.begin(query.sql, 'kysely', executeQuery)
    execution.transactionSince = state.transactionSince
    if (analysis !== harmless) execution.onlyBegins = onlyBegins(analysis)
    return ended(by, execution, send<R>(query, options))
  }
  function send<R>(query: Query, options: QueryOptions): Promise<QueryResult<R>> {
    if (options === undefined) return execute<R>(query)
    const { signal } = options
    const { control, abortables } = state
    if (signal === undefined || control === undefined) return execute<R>(query, options)
    return followAbortable({ signal, control, abortables }, () => execute<R>(query, options))
  }
  function streamQuery<R>(...args: Parameters<typeof stream>): ReturnType<typeof stream<R>> {
    if (state.judgedBelow) return stream<R>(...args)
    const { sql } = args[0]
    const analysis = guard.analyze(sql)
    const error = analysis === harmless ? undefined : refuse(sql, analysis, streamQuery)
    if (error !== undefined) return failing(error)
    // Nothing is sent before somebody reads, and what is not read to its end may run in part.
    transaction.doubtLatest()
    return observer === undefined ? stream<R>(...args) : observeStream(stream<R>(...args), { sql, observer, state })
  }
  function refuse(sql: string, analysis: Analysis, entry: Entry): Error | undefined {
    const refusal = guard.refuse(sql, analysis, { transaction, pinned: true }, entry)
    const error = refusal === undefined ? undefined : (state.refused = firstReason(state.refused, refusal, analysis))
    // Refused inside a hook of the dialect: whoever acquires the connection has to give it back.
    if (error !== undefined) Acquisition.current()?.uses(connection)
    return error
  }
  connection.executeQuery = executeQuery
  connection.streamQuery = streamQuery
}

function judgeAnswer<R>(guard: Guard, sql: string, analysis: Analysis, answered: QueryResult<R>): QueryResult<R> {
  const error = guard.refuseAnswer(sql, analysis, [answerIn(answered)])
  if (error !== undefined) throw error
  return answered
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
