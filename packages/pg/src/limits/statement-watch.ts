import {
  beginsAnew,
  limitOfTransaction,
  mayLimitItself,
  onlyBegins,
  PoolerWaitError,
  redact,
  StatementTimeoutError,
  type Guard,
  type StatementLimits,
} from '@poolsafe/core'
import type { DriverFunction } from '../types.ts'
import { cancelQuery } from './cancel-request.ts'
import { activeQueryOf, closeConnection, textOf, type Query, type WiredClient } from './internals.ts'

/** How long the server has to end what it was told to cancel. A proxy may not pass it on. */
const graceMillis = 2000

/** The timer of PostgreSQL begins after ours; clocks are not that exact. */
const clockToleranceMillis = 1

/** What a watch needs of the pool, or of nobody. */
export interface WatchedPool {
  /** The ORM's name for the call that holds the client. */
  operation(): string | undefined
  /** A BEGIN was answered. */
  poolerWaited(millis: number): void
}

interface DatabaseError {
  readonly code?: string
  readonly severity?: string
}

/**
 * Limits the statements of one client. It reads what the server says before the client does, which is the one place that all
 * forms of `query` share: pg tells nobody else when a statement is sent, and cursors have callbacks of their own.
 */
export class StatementWatch {
  readonly #client: WiredClient
  readonly #limits: StatementLimits
  readonly #guard: Guard
  readonly #pool: WatchedPool
  readonly #sendPlain: (text: string) => void
  /** Of the last ReadyForQuery: `I`, `T` or `E`. */
  #status = 'I'
  /** What the server is at. */
  #query: Query | undefined
  #sentAt = 0
  #timer: NodeJS.Timeout | undefined
  /** The query that took too long outside a transaction. */
  #expired: Query | undefined
  /** The server was asked for the rows of its query, or for some of them. */
  #isAsked = false
  /** Our own statement is under way, before whatever the application has sent since. */
  #isLimiting = false
  /** The server limits the statements of the present transaction as we told it to. */
  #isLimited = false

  constructor(client: WiredClient, limits: StatementLimits, guard: Guard, pool: WatchedPool) {
    this.#client = client
    this.#limits = limits
    this.#guard = guard
    this.#pool = pool
    const { connection } = client
    const emit = connection.emit.bind(connection)
    this.#sendPlain = connection.query.bind(connection)
    this.#watchAsking(client)
    const send = client.query as DriverFunction
    client.query = (...args: unknown[]): unknown => {
      // Looked at before it is sent: the server's own clock must not be ahead of ours, however busy this process is.
      const now = performance.now()
      const sent = Reflect.apply(send, client, args)
      this.#look(now)
      return sent
    }
    connection.emit = (...args) => {
      if (this.#takes(args)) return true
      if (args[0] !== 'readyForQuery') return emit(...this.#heard(args))
      this.#isAsked = false
      this.#ready((args[1] as { status: string }).status)
      const now = performance.now()
      const result = emit(...args)
      // pg has sent the next one, if there is any.
      this.#look(now)
      return result
    }
  }

  /** The server has nothing to do for a cursor until more of its rows are asked for; slow readers are no slow statements. */
  #watchAsking({ connection }: WiredClient): void {
    const { query, execute } = connection
    const asked = (): void => {
      this.#isAsked = true
      if (this.#query !== undefined && this.#query === activeQueryOf(this.#client)) this.#arm(this.#query, performance.now())
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

  /** Finds out what the server is at since now. */
  #look(sentAt: number): void {
    const query = activeQueryOf(this.#client)
    if (query === undefined || query === this.#query) return
    this.#query = query
    this.#arm(query, sentAt)
  }

  #arm(query: Query, sentAt: number): void {
    clearTimeout(this.#timer)
    this.#sentAt = sentAt
    if (this.#status !== 'I') {
      if (this.#isLimited && mayLimitItself(textOf(query))) this.#isLimited = false
      return
    }
    const { statementTimeoutMillis, poolerWaitTimeoutMillis } = this.#limits
    const isWait = poolerWaitTimeoutMillis < statementTimeoutMillis && this.#onlyBegins(query)
    const millis = isWait ? poolerWaitTimeoutMillis : statementTimeoutMillis
    if (millis === Infinity) return
    this.#timer = setTimeout(() => (isWait ? this.#giveUp() : void this.#expire(query)), millis)
  }

  #onlyBegins(query: Query): boolean {
    return onlyBegins(this.#guard.peek(textOf(query)))
  }

  get #ranMillis(): number {
    return performance.now() - this.#sentAt
  }

  /** The server is ready: what it was at is over, and a transaction may have begun. */
  #ready(status: string): void {
    clearTimeout(this.#timer)
    const query = this.#query
    const isNew = status === 'T' && (this.#status === 'I' || (query !== undefined && beginsAnew(this.#guard.peek(textOf(query)))))
    if (query !== undefined && this.#status === 'I' && status === 'T' && this.#onlyBegins(query)) this.#pool.poolerWaited(this.#ranMillis)
    this.#query = undefined
    this.#status = status
    if (status === 'I') this.#isLimited = false
    if (isNew) this.#limit(query)
  }

  /**
   * Right behind the answer to the BEGIN, before the application has it: nothing else can come between, and since nobody waits for
   * the answer it takes no round trip.
   */
  #limit(begin: Query | undefined): void {
    const { statementTimeoutMillis } = this.#limits
    this.#isLimited = statementTimeoutMillis !== Infinity && !(begin !== undefined && mayLimitItself(textOf(begin)))
    if (!this.#isLimited) return
    this.#isLimiting = true
    this.#sendPlain(limitOfTransaction(statementTimeoutMillis))
  }

  /** The answer to our own statement is no one else's business. */
  #takes([event, message]: readonly unknown[]): boolean {
    if (!this.#isLimiting) return false
    const { name, status, severity } = message as { name?: string; status?: string } & DatabaseError
    if (event === 'message') return name === 'commandComplete' || name === 'readyForQuery' || (name === 'error' && severity === 'ERROR')
    if (event === 'commandComplete') return true
    if (event === 'errorMessage') {
      if (severity !== 'ERROR') return false
      this.#isLimited = false
      this.#guard.warn(
        'the server refused SET LOCAL statement_timeout, and its transaction with it: statementTimeoutMillis cannot be used here',
      )
      return true
    }
    if (event !== 'readyForQuery') return false
    this.#isLimiting = false
    this.#status = status ?? this.#status
    return true
  }

  /** What the server says of a statement that took too long is told as ours. */
  #heard(args: unknown[]): unknown[] {
    const [event, message] = args
    if (event === 'portalSuspended' || ((event === 'rowDescription' || event === 'noData') && !this.#isAsked)) {
      this.#isAsked = false
      clearTimeout(this.#timer)
    }
    if (event === 'end') clearTimeout(this.#timer)
    if (event !== 'errorMessage') return args
    const query = this.#query
    const isCancelled = (message as DatabaseError).code === '57014'
    if (query === undefined || !isCancelled || !this.#isOurs(query)) return args
    return [event, this.#timeoutOf(query, true, message)]
  }

  #isOurs(query: Query): boolean {
    if (this.#expired === query) return true
    return this.#status === 'T' && this.#isLimited && this.#ranMillis >= this.#limits.statementTimeoutMillis - clockToleranceMillis
  }

  #timeoutOf(query: Query, wasCancelled: boolean, cause: unknown): StatementTimeoutError {
    return new StatementTimeoutError(this.#limits.statementTimeoutMillis, this.#ranMillis, redact(textOf(query)), wasCancelled, cause)
  }

  async #expire(query: Query): Promise<void> {
    this.#expired = query
    const outcome = await cancelQuery(this.#client, query)
    if (this.#query !== query) return
    if (outcome === 'failed') return this.#close(query, 'the CancelRequest could not be sent')
    if (outcome !== 'delivered') return
    this.#timer = setTimeout(() => this.#close(query, 'the server did not act on a CancelRequest'), graceMillis)
  }

  #close(query: Query, reason: string): void {
    void closeConnection(this.#client, this.#timeoutOf(query, false, new Error(reason)))
  }

  /** A BEGIN that has no answer has done nothing: its connection can go, and the pooler forgets that it waits. */
  #giveUp(): void {
    const error = new PoolerWaitError(this.#ranMillis, this.#limits.poolerWaitTimeoutMillis, this.#pool.operation())
    void closeConnection(this.#client, error)
  }
}
