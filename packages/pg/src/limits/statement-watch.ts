import { PoolerWaitError, StatementTimeoutError } from '@poolsafe/core'
import { redact, type Engine } from '@poolsafe/core/adapter'
import {
  type StatementEnd,
  beginsAnew,
  limitOfTransaction,
  mayLimitItself,
  onlyBegins,
  type StatementLimits,
  performance,
} from '@poolsafe/core/internal'
import { applicationTextOf } from '../repaired.ts'
import { activeQueryOf, closeConnection, firstQueuedOf, type Query, textOf, type WiredClient } from '../types.ts'
import { unpatched } from '../unpatched.ts'
import { cancelQuery } from './cancel-request.ts'
import { LimitTimer } from './limit-timer.ts'
import { isQuestion } from './question.ts'

/** How long the server has to end a statement after its limit. On a silent network, no answer arrives. */
const graceMillis = 2000

/** PostgreSQL's timer starts after ours, and clocks are not exact. */
const clockToleranceMillis = 1

/** The part of a pool that a watch needs. */
export interface WatchedPool {
  /** The ORM's name for the call that holds the client. */
  operation(): string | undefined
  /** Notes the answer to a BEGIN. */
  poolerWaited(millis: number): void
}

/** The reason for closing a connection. */
const unheard = 'the server did not answer'

/** Any message of the server. */
interface Message {
  readonly name?: string
  readonly status?: string
  readonly code?: string
  readonly severity?: string
}

function isOfAnswer({ name, severity }: Message): boolean {
  return name === 'commandComplete' || name === 'readyForQuery' || (name === 'error' && severity === 'ERROR')
}

/**
 * Limits the statements of one client. It reads the server's messages before the client does, because all forms of
 * `query` share that place: pg has no event for a sent statement, and cursors have their own callbacks.
 */
export class StatementWatch {
  readonly #client: WiredClient
  readonly #limits: StatementLimits
  readonly #guard: Engine
  readonly #pool: WatchedPool
  readonly #sendPlain: (text: string) => void
  /** Status byte of the last ReadyForQuery: `I`, `T` or `E`. */
  #status = 'I'
  /** The application's query that the server runs, or that waits behind a question of ours. */
  #query: Query | undefined
  #sentAt = 0
  /**
   * When it was first sent. For a cursor the server's clock runs from then to its last row, including the pauses of its
   * reader.
   */
  #begunAt = 0
  readonly #timer = new LimitTimer()
  /** True while the server runs a question of ours. */
  #isAtQuestion = false
  /** True while the application's query waits behind it. */
  #isBehind = false
  /** The query that exceeded its limit outside a transaction. */
  #expired: Query | undefined
  /** True once the server was asked for all or some rows of its query. */
  #isAsked = false
  /** True while our own statement is pending, ahead of all later statements of the application. */
  #isLimiting = false
  /** True if the server limits the statements of the present transaction, as we requested. */
  #isLimited = false
  /** The error of the limit that the present transaction exceeded. */
  #failedBy: StatementTimeoutError | undefined

  constructor(client: WiredClient, limits: StatementLimits, guard: Engine, pool: WatchedPool) {
    this.#client = client
    this.#limits = limits
    this.#guard = guard
    this.#pool = pool
    const { connection } = client
    const emit = connection.emit.bind(connection)
    this.#sendPlain = connection.query.bind(connection)
    this.#watchAsking(client)
    const send = unpatched(client.query)
    client.query = (...args: unknown[]): unknown => {
      // The clock is read before sending: the server's clock must not be ahead of ours, however busy this process is.
      const now = performance.now()
      const sent = Reflect.apply(send, client, args)
      this.#look(now)
      return sent
    }
    connection.emit = (...args) => {
      if (this.#takes(args)) return true
      if (args[0] !== 'readyForQuery') return emit(...this.#heard(args))
      this.#isAsked = false
      if (this.#isAtQuestion) this.#isAtQuestion = false
      else this.#ready((args[1] as { status: string }).status)
      const now = performance.now()
      const result = emit(...args)
      // pg has sent the next query, if there is one.
      this.#look(now)
      return result
    }
  }

  /**
   * The server does nothing for a cursor until the reader requests more rows. A slow reader is not a slow statement.
   */
  #watchAsking({ connection }: WiredClient): void {
    const { query, execute } = connection
    const asked = (): void => {
      const active = activeQueryOf(this.#client)
      this.#isAtQuestion = active !== undefined && isQuestion(active)
      this.#isAsked = !this.#isAtQuestion
      // The time of a query that waited behind a question of ours counts from its call.
      if (active !== undefined && active === this.#query && !this.#isBehind) this.#arm(active, performance.now())
      this.#isBehind = false
    }
    connection.query = (...args) => {
      asked()
      Reflect.apply(query, connection, args)
    }
    connection.execute = (...args) => {
      asked()
      Reflect.apply(execute, connection, args)
    }
  }

  /** Finds the query that the server runs from now on. */
  #look(sentAt: number): void {
    const active = activeQueryOf(this.#client)
    if (active === undefined) return
    const isBehind = isQuestion(active)
    const query = isBehind ? firstQueuedOf(this.#client) : active
    if (query === undefined || query === this.#query) return
    this.#isBehind = isBehind
    this.#query = query
    this.#begunAt = sentAt
    this.#arm(query, sentAt)
  }

  #arm(query: Query, sentAt: number): void {
    this.#timer.stop()
    this.#sentAt = sentAt
    const { statementTimeoutMillis, poolerWaitTimeoutMillis } = this.#limits
    if (this.#status !== 'I') {
      if (this.#isLimited && mayLimitItself(textOf(query))) this.#isLimited = false
      // The server enforces this limit itself, unless the network is silent.
      if (this.#isLimited) this.#timer.start(statementTimeoutMillis + graceMillis, () => this.#close(query, unheard))
      return
    }
    const isWait = poolerWaitTimeoutMillis < statementTimeoutMillis && this.#onlyBegins(query)
    const millis = isWait ? poolerWaitTimeoutMillis : statementTimeoutMillis
    if (millis !== Infinity) this.#timer.start(millis, () => (isWait ? this.#giveUp() : void this.#expire(query)))
  }

  #onlyBegins(query: Query): boolean {
    return onlyBegins(this.#guard.peek(textOf(query)))
  }

  get #ranMillis(): number {
    return performance.now() - this.#sentAt
  }

  /** Notes that the server is ready: its last query is over, and a transaction may have begun. */
  #ready(status: string): void {
    this.#timer.stop()
    const query = this.#query
    const isNew =
      status === 'T' && (this.#status === 'I' || (query !== undefined && beginsAnew(this.#guard.peek(textOf(query)))))
    if (query !== undefined && this.#status === 'I' && status === 'T' && this.#onlyBegins(query))
      this.#pool.poolerWaited(this.#ranMillis)
    this.#query = undefined
    this.#status = status
    if (status === 'I') this.#isLimited = false
    if (isNew) this.#limit(query)
  }

  /**
   * Sends the limit right after the answer to the BEGIN, before the application has that answer, so that no statement
   * comes between. No caller waits for its answer, so it costs no round trip.
   */
  #limit(begin: Query | undefined): void {
    const { statementTimeoutMillis } = this.#limits
    this.#isLimited = statementTimeoutMillis !== Infinity && !(begin !== undefined && mayLimitItself(textOf(begin)))
    if (!this.#isLimited) return
    this.#isLimiting = true
    this.#failedBy = undefined
    this.#sendPlain(limitOfTransaction(statementTimeoutMillis))
  }

  /** Hides the answer to our own statement from all other listeners. A connection that ends has no answer. */
  #takes([event, message]: readonly unknown[]): boolean {
    if (!this.#isLimiting) return false
    if (event === 'message') return isOfAnswer(message as Message)
    if (event === 'commandComplete') return true
    if (event === 'errorMessage') return this.#isRefused(message as Message)
    if (event !== 'readyForQuery') return false
    this.#isLimiting = false
    this.#status = (message as Message).status ?? this.#status
    return true
  }

  #isRefused({ severity }: Message): boolean {
    if (severity !== 'ERROR') return false
    this.#isLimited = false
    this.#guard.warn(
      'the server refused SET LOCAL statement_timeout, and its transaction with it: statementTimeoutMillis cannot be used here',
    )
    return true
  }

  /** Maps the server's cancellation error to StatementTimeoutError. */
  #heard(args: unknown[]): unknown[] {
    const [event, message] = args
    if (event === 'end') this.#timer.stop()
    if (this.#isAtQuestion) return args
    if (event === 'portalSuspended' || ((event === 'rowDescription' || event === 'noData') && !this.#isAsked)) {
      this.#isAsked = false
      this.#timer.stop()
    }
    if (event !== 'errorMessage') return args
    this.#timer.stop()
    const query = this.#query
    const { code } = message as Message
    if (code === '25P02') this.#explain(message as object)
    if (query === undefined || code !== '57014' || !this.#isOurs(query)) return args
    this.#failedBy = this.#timeoutOf(query, { wasCancelled: true, wasSent: true }, message)
    return [event, this.#failedBy]
  }

  /** pg-cursor swallows an error that arrives while it closes, so the next statement is the first to report it. */
  #explain(aborted: object): void {
    if (this.#failedBy === undefined || this.#status === 'I') return
    Object.defineProperty(aborted, 'cause', {
      value: this.#failedBy,
      configurable: true,
      writable: true,
      enumerable: false,
    })
  }

  #isOurs(query: Query): boolean {
    if (this.#expired === query) return true
    const isServers = this.#status === 'T' && this.#isLimited
    return isServers && performance.now() - this.#begunAt >= this.#limits.statementTimeoutMillis - clockToleranceMillis
  }

  #timeoutOf(query: Query, end: StatementEnd, cause: unknown): StatementTimeoutError {
    const ranMillis = end.wasCancelled && this.#status === 'T' ? performance.now() - this.#begunAt : this.#ranMillis
    return new StatementTimeoutError(
      this.#limits.statementTimeoutMillis,
      ranMillis,
      redact(applicationTextOf(query) ?? textOf(query)),
      end,
      cause,
    )
  }

  /** Cancels a statement, and closes its connection if the server does not end it in time. */
  async #expire(query: Query): Promise<void> {
    if (activeQueryOf(this.#client) !== query)
      return this.#close(query, 'the connection did not answer the question before it', false)
    this.#expired = query
    this.#timer.start(graceMillis, () => this.#close(query, unheard))
    const outcome = await cancelQuery(this.#client, query)
    if (outcome === 'failed' && this.#query === query) this.#close(query, 'the CancelRequest could not be sent')
  }

  #close(query: Query, reason: string, wasSent = true): void {
    this.#timer.stop()
    void closeConnection(this.#client, this.#timeoutOf(query, { wasCancelled: false, wasSent }, new Error(reason)))
  }

  /**
   * Closes the connection of an unanswered BEGIN. The BEGIN has changed nothing, and the pooler drops the waiting
   * client.
   */
  #giveUp(): void {
    const error = new PoolerWaitError(this.#ranMillis, this.#limits.poolerWaitTimeoutMillis, this.#pool.operation())
    void closeConnection(this.#client, error)
  }
}
