import { sqlStateOf, type Engine, type Execution, type Observer } from '@poolsafe/core/adapter'
import { onlyBegins, type Checkout, performance } from '@poolsafe/core/internal'
import {
  activeQueryOf,
  type ClientLike,
  type DriverFunction,
  isWired,
  latestQueryOf,
  preparedTextOf,
  type Query,
  textOf,
  type WiredClient,
} from './types.ts'
import { checkoutKey, poolKey, takeExecution, type GatedClient } from './present-checkout.ts'
import { hearFailures, onQueryFailure } from './query-failures.ts'
import { ReaderWatch } from './reader-watch.ts'
import { applicationTextNow } from './repaired.ts'
import { unpatched } from './unpatched.ts'

/**
 * The property of a query that holds its execution; `null` once that is over. A map would cost more than all the rest.
 */
const executionKey = Symbol('poolsafe.execution')

interface WatchedQuery extends Query {
  [executionKey]?: Execution | null | undefined
  readonly _result?: Counted | undefined
  /** pg's own results: an array for a text with several statements. */
  readonly _results?: unknown
  /** The row count of pg-copy-streams. */
  readonly rowCount?: number | null
  /** The cursor of pg-query-stream. */
  readonly cursor?: { readonly text?: unknown; readonly _result?: Counted }
  /** The error of an answer that the client could not read: pg reports it when the answer has ended. */
  readonly _canceledDueToError?: unknown
  handleError?: (error: unknown, connection: unknown) => unknown
}

interface Counted {
  readonly rowCount?: number | null
}

const watched = new WeakMap<ClientLike, QueryWatch>()

/**
 * Observes the statements of one client, below every layer that may refuse them. It reads the connection's messages
 * before pg does, the one place that all forms of `query` share. It does not change the queries. Clients of pg-native
 * have no such place.
 */
export function watchQueries(client: ClientLike, guard: Engine): void {
  const { observer } = guard
  if (observer === undefined || watched.has(client) || !isWired(client)) return
  watched.set(client, new QueryWatch(client, guard, observer))
}

class QueryWatch {
  readonly #client: WiredClient & GatedClient
  readonly #guard: Engine
  readonly #observer: Observer
  /** When the previous answer ended: a later query could not be sent before. */
  #freeSince = 0
  #transactionSince = 0
  #reader: ReaderWatch | undefined

  constructor(client: WiredClient & GatedClient, guard: Engine, observer: Observer) {
    this.#client = client
    this.#guard = guard
    this.#observer = observer
    const send = unpatched(client.query)
    const query = (...args: unknown[]): unknown => {
      const sql = applicationTextNow() ?? sqlOf(args[0]) ?? this.#sqlByName(args[0])
      if (sql === undefined) return Reflect.apply(send, client, args)
      const execution = this.#executionOf(sql, client[checkoutKey], query)
      execution.pool = client[poolKey]?.name
      return this.#send(send, args, execution)
    }
    client.query = query
    const { connection } = client
    connection.prependListener('readyForQuery', (message) => this.#ready(message?.status ?? 'I'))
    onQueryFailure(client, connection, (failed, error) => this.#failed(failed, error))
  }

  /**
   * Returns the text of a statement that pg gets by name alone. It was prepared on this client, so the pool does not
   * know its text.
   */
  #sqlByName(config: unknown): string | undefined {
    return isObject(config) && typeof (config as Query).name === 'string'
      ? preparedTextOf(config, this.#client)
      : undefined
  }

  /** Returns the execution. `pool.query` has begun it before it asked for a connection. */
  #executionOf(sql: string, checkout: Checkout<ClientLike> | undefined, entry: DriverFunction): Execution {
    const begun = checkout && takeExecution(checkout)
    if (begun !== undefined) {
      begun.sentAt = checkout?.heldSince ?? begun.startedAt
      return begun
    }
    const execution = this.#observer.begin(sql, checkout?.layer ?? 'pg', entry)
    if (checkout !== undefined) execution.checkoutWaitMillis = checkout.takeWaitMillis()
    return execution
  }

  #send(send: DriverFunction, args: unknown[], execution: Execution): unknown {
    const [config] = args
    if (isObject(config) && 'submit' in config) this.#follow(config as WatchedQuery)
    const before = latestQueryOf(this.#client)
    const sent = Reflect.apply(send, this.#client, args)
    const query: WatchedQuery | undefined = latestQueryOf(this.#client)
    // A statement that pg refuses in the client never becomes a query, so the latest query is another one. A query can
    // also fail before it is sent.
    if (query === undefined || query === before || query[executionKey] === null) this.#observer.end(execution, '')
    else query[executionKey] = execution
    return sent
  }

  #ready(status: string): void {
    const query: WatchedQuery | undefined = activeQueryOf(this.#client)
    const execution = query?.[executionKey]
    const now = performance.now()
    if (query !== undefined && execution) this.#end(query, execution, query._canceledDueToError ? '' : undefined, now)
    this.#reader?.take()
    this.#freeSince = now
    if (status === 'I') this.#transactionSince = 0
    else if (this.#transactionSince === 0) this.#transactionSince = execution?.sentAt ?? this.#freeSince
  }

  /** Notes a failed query: at the server or in the client, before or after it was sent. */
  #failed(query: WatchedQuery, error: unknown): void {
    const execution = query[executionKey]
    query[executionKey] = null
    if (execution) this.#end(query, execution, sqlStateOf(error) ?? '', performance.now())
  }

  #end(query: WatchedQuery, execution: Execution, sqlState: string | undefined, endedAt: number): void {
    query[executionKey] = null
    if (this.#freeSince > execution.sentAt) execution.sentAt = this.#freeSince
    execution.transactionSince = this.#transactionSince
    const read = this.#reader?.take()
    execution.readerMillis = read?.readerMillis ?? 0
    execution.rows = rowsOf(query, read?.rows ?? 0)
    if (execution.shape.kind === 'transaction')
      execution.onlyBegins = onlyBegins(this.#guard.peek(preparedTextOf(query, this.#client)))
    this.#observer.end(execution, sqlState, endedAt)
    if (execution.onlyBegins && sqlState === undefined && this.#transactionSince === 0) {
      this.#client[poolKey]?.poolerWaited(endedAt - execution.sentAt, execution.origin?.operation)
    }
  }

  /** How long the server has waited for the reader of a cursor; 0 while it does not wait. */
  get unreadMillis(): number {
    return this.#reader?.unreadMillis ?? 0
  }

  /**
   * Follows a query object of the application or of a library, such as a cursor. It may have its own methods, and a
   * slow reader.
   */
  #follow(submittable: WatchedQuery): void {
    this.#reader ??= new ReaderWatch(this.#client.connection)
    hearFailures(submittable)
  }
}

/** Returns true if the statements of this client are observed. */
export function isObserved(client: ClientLike): boolean {
  return watched.has(client)
}

/**
 * Returns how long the server has waited for the reader of a cursor or a stream on this client; 0 if it does not wait,
 * or if the client is not observed.
 */
export function unreadMillisOf(client: ClientLike): number {
  return watched.get(client)?.unreadMillis ?? 0
}

/** Returns the statement text of a `query` argument, if it has one. */
export function sqlOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config
  return isObject(config) ? textOf(config) || undefined : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** @param portions rows that a cursor's reader received before the last ones */
function rowsOf(
  { _result: result, _results: results, cursor, rowCount }: WatchedQuery,
  portions: number,
): number | undefined {
  if (Array.isArray(results)) return sumOf(results as readonly Counted[])
  const last = result?.rowCount ?? cursor?._result?.rowCount ?? rowCount ?? undefined
  return portions === 0 ? last : portions + (last ?? 0)
}

function sumOf(results: readonly Counted[]): number {
  return results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0)
}
