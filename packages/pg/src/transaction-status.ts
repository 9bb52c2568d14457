import { Transaction, type Engine } from '@poolsafe/core/adapter'
import { activeQueryOf, type ClientLike, latestQueryOf, type Query, type WiredClient } from './types.ts'
import { isForeign } from './pending.ts'
import { onQueryFailure } from './query-failures.ts'

/** Internals of pg's client. */
interface ClientInternals {
  /** `true` exactly while nothing is on its way to the server, in pipeline mode too. */
  readonly readyForQuery?: boolean
  /** `false` once the connection is broken. */
  readonly _queryable?: boolean
  readonly connection?: Connection
}

/** The listeners run before pg's own, which call the application back. */
interface Connection {
  prependListener(event: 'readyForQuery', listener: (message?: { status: string }) => void): void
  prependListener(event: 'errorMessage', listener: () => void): void
}

/** A query with the part of its answer that pg has read. */
interface Answered extends Query, Partial<Reading> {
  /** Requests this many rows at a time. */
  readonly rows?: unknown
  readonly cursor?: Reading & { readonly text?: unknown }
}

interface Reading {
  readonly _result?: { readonly command?: unknown }
  /** `null` in an unread cursor: the server has only planned its statement. */
  readonly _rows?: unknown
}

/**
 * Tracks if a client's transaction is open, and what it has left. It follows the server's answers. A statement that the
 * client or the server refuses, or that `query_timeout` drops before it is sent, changes nothing. Until its answer
 * comes, a statement counts as done.
 */
export class TransactionStatus {
  readonly #client: ClientLike & ClientInternals
  readonly #guard: Engine
  readonly #transaction: Transaction
  /** Read from the connection: the status that pg itself reports from 8.21 on. */
  #heard: string | undefined
  /** The query that failed last, perhaps before the call of `query` had returned. */
  #failedAtOnce: object | undefined
  /** The error that the server's answer showed, unknown when the statement was called. */
  #lateError: Error | undefined

  constructor(client: ClientLike, guard: Engine) {
    this.#client = client
    this.#guard = guard
    const { connection } = this.#client
    this.#transaction = new Transaction({ isAnswered: connection !== undefined })
    if (connection === undefined) return
    // The application receives an error before the server reports that it is ready, and in which state.
    connection.prependListener('errorMessage', () => this.#refused())
    // A server always sends the status. A connection that a test of an application makes up may not.
    connection.prependListener('readyForQuery', (message) => this.#ready(message?.status ?? 'I'))
    onQueryFailure(client, connection, (query, error) => this.#failed(query, error))
  }

  /** True if the transaction is open after the last judged statement, which may not be sent yet. */
  get isOpen(): boolean {
    return this.#transaction.isOpen
  }

  /** The present transaction, which the guard reads and updates. */
  get current(): Transaction {
    const { _queryable, readyForQuery } = this.#client
    // A broken connection has no transaction any more: the server rolled it back.
    if (_queryable === false) this.#transaction.isOpen = false
    else if (readyForQuery === true) {
      this.#transaction.dropUnanswered()
      this.#transaction.serverSays(this.#client.getTransactionStatus?.() ?? this.#heard ?? 'I')
    } else if (this.#latestQuery !== undefined) this.#transaction.expectAnswers()
    // Else the server has answered with an error, and only its status is not there yet.
    return this.#transaction
  }

  /** Sends a judged statement. */
  send<Result>(send: () => Result): Result {
    const sent = this.#transaction.takeLatest()
    if (sent === undefined) return send()
    const before = this.#latestQuery
    const result = send()
    const query = this.#latestQuery
    if (query === undefined || query === before || query === this.#failedAtOnce) this.#transaction.drop(sent)
    else {
      sent.query = query
      if (isForeign(this.#client, query)) this.#transaction.doubt(sent)
    }
    return result
  }

  /** Returns, once, the error that must replace the answer that is being read. */
  takeLateError(): Error | undefined {
    const error = this.#lateError
    this.#lateError = undefined
    return error
  }

  #ready(status: string): void {
    this.#heard = status
    this.#lateError = undefined
    this.#failedAtOnce = undefined
    const transaction = this.#transaction
    if (transaction.isWaiting) this.#answered()
    transaction.serverSays(status)
    const late = transaction.takeLate()
    if (late.length > 0) this.#lateError = this.#guard.refuseLate(late)
  }

  #answered(): void {
    const query: Answered | undefined = this.#activeQuery
    const sent = query && this.#transaction.sentAs(query)
    if (query === undefined || sent === undefined) return
    const { _result, _rows } = query.cursor ?? query
    const mayHaveRun = isForeign(this.#client, query) ? _rows !== null : Boolean(query.rows)
    if (typeof _result?.command === 'string') this.#transaction.succeed(sent)
    else if (mayHaveRun) this.#transaction.lose(sent)
    else this.#transaction.drop(sent)
  }

  #refused(): void {
    const query = this.#activeQuery
    this.#transaction.fail(query && this.#transaction.sentAs(query))
  }

  /** Notes that the client gave up a query. It was never sent, unless its answer may still come. */
  #failed(query: object, error: unknown): void {
    this.#failedAtOnce = query
    const sent = this.#transaction.isWaiting ? this.#transaction.sentAs(query) : undefined
    if (sent === undefined) return
    const isUnderWay = this.#activeQuery === query || (this.#wired._sentQueryQueue ?? []).includes(query)
    if (isUnderWay && (error as Error | undefined)?.message === 'Query read timeout') return
    this.#transaction.drop(sent)
  }

  get #wired(): WiredClient {
    return this.#client as unknown as WiredClient
  }

  get #activeQuery(): Query | undefined {
    return activeQueryOf(this.#wired)
  }

  get #latestQuery(): Query | undefined {
    return latestQueryOf(this.#wired)
  }
}
