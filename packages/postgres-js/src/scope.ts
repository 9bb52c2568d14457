import { sqlStateOf, StatementSender, type AnswerReader, type Site, type Transaction } from '@poolsafe/core/adapter'
import { untilEnd, untilLost } from './chunks.ts'
import type { Handler, Query, Sql } from './driver.ts'
import { rowsOf, sendBy, settlingOf } from './outcome.ts'
import type { Pool, Sending } from './pool.ts'
import { build, textOf } from './query-text.ts'
import { siteOfQuery } from './query-class.ts'
import { outsideOf } from './outside.ts'
import { Use } from './sql-source.ts'

/** A result of postgres.js: its rows, with more properties. A text of several statements has a list of them. */
interface Result {
  readonly command?: string
}

const reader: AnswerReader = {
  layer: 'postgres-js',
  sqlStateOf,
  rowsOf,
  answerOf: (result) => ({
    rows: Array.isArray(result) ? (result as object[]) : [],
    command: (result as Result | undefined)?.command,
  }),
}

/**
 * The queries of one `sql`: that of the pool, of a transaction or of a reserved connection. It judges each query when
 * postgres.js is about to send or to queue it, and observes it.
 */
export class Scope {
  readonly pool: Pool
  readonly sender: StatementSender
  /** Listens to the queries of this scope. */
  sending: Sending | undefined = undefined
  /** The first query that failed, or was refused before it was sent. */
  failure: { readonly error: unknown; readonly wasSent: boolean } | undefined = undefined
  /** Returns the error that refuses every query of this scope. */
  refuses: ((text: string, site: Site) => Error | undefined) | undefined = undefined
  /** The connection, if the scope has one of its own. */
  readonly use: Use | undefined
  readonly #judged = new WeakSet<Query>()

  /**
   * @param transaction that of the connection; absent for the pool, which takes one for each query
   * @param sender that of a scope around this one
   */
  constructor(pool: Pool, transaction?: Transaction, sender: StatementSender = senderOf(pool, transaction)) {
    this.pool = pool
    this.sender = sender
    this.use = sender.transaction && new Use(sender.transaction)
  }

  /** Returns a scope for a part of the transaction. Its failures are its own. */
  within(): Scope {
    const inner = new Scope(this.pool, undefined, this.sender)
    inner.sending = this.sending
    inner.refuses = this.refuses
    return inner
  }

  /**
   * Returns a handler for queries that this scope judges and the given handler sends.
   *
   * @param sending listens to them. @default that of the scope
   */
  handlerFor(handler: Handler, sending: Sending | undefined = this.sending): Handler {
    const handing: Handler = (query) => this.#hand(query, handler)
    const judging: Handler = (query) => this.#run(query, handing, sending)
    // postgres.js asks its handler whether each query takes its stack.
    judging.debug = handler.debug
    return judging
  }

  /** Judges a cursor whose rows the application reads one chunk after the other. */
  readChunks(query: Query, site: Site, open: () => AsyncIterableIterator<unknown>): AsyncIterableIterator<unknown> {
    const text = textOf(query, this.pool.sql)
    let wasSent = false
    const openJudged = (): AsyncIterableIterator<unknown> => {
      this.#judged.add(query)
      wasSent = true
      return untilLost(query, open(), (error) => this.pool.losses.failed(query, error))
    }
    const ended = (error?: unknown): void => {
      if (wasSent) this.sending?.ended?.(query, error)
      if (error !== undefined) this.failure ??= { error, wasSent }
    }
    return untilEnd(text === undefined ? openJudged() : this.sender.stream(text, site, openJudged), ended)
  }

  /** Sends a query, or keeps it back while a connection closes. */
  #hand(query: Query, handler: Handler): void {
    const { closing } = this.pool.losses
    if (closing === undefined) handler(query)
    else void this.#handAfter(closing, query, handler)
  }

  async #handAfter(closing: Promise<void>, query: Query, handler: Handler): Promise<void> {
    await closing
    // Its wait for a connection has ended.
    if (query.cancelled === true) return
    const refusal = this.refuses?.(textOf(query, this.pool.sql) ?? '', siteOfQuery(query))
    if (refusal === undefined) handler(query)
    else query.reject(refusal)
  }

  #run(query: Query, handler: Handler, sending: Sending | undefined): void {
    // It has been rejected. postgres.js would lose the connection that gets it.
    if (query.cancelled === true) return
    const { pool, sender, use } = this
    const text = textOf(query, this.pool.sql)
    const refusal = this.#refuse(query, text ?? '')
    if (refusal !== undefined) return query.reject(refusal)
    if (text === undefined || this.#judged.has(query) || isDescription(query))
      return this.#forwardJudged(query, handler, sending)
    const application = settlingOf(query)
    let wasSent = false
    const forward = (given: Query): Promise<unknown> => {
      wasSent = true
      use?.begins()
      pool.connections.learnFrom(given)
      return sendBy(handler, given, application, pool, sending)
    }
    const ended = (error?: unknown): void => {
      if (!wasSent) return
      use?.ends()
      sending?.ended?.(query, error)
    }
    const succeed = (result: unknown): void => {
      ended()
      application.resolve(result)
    }
    const fail = (error: unknown): void => {
      ended(error)
      this.#failed(query, error, wasSent)
      application.reject(error)
    }
    sender.send(text, siteOfQuery(query), forward, query).then(succeed, fail)
  }

  /** Sends a query that was judged before, or that there is nothing to judge of. */
  #forwardJudged(query: Query, handler: Handler, sending: Sending | undefined): void {
    handler(query)
    if (this.#judged.has(query)) sending?.sent(query, (error) => query.reject(error))
  }

  /** Judges what the text does not show. */
  #refuse(query: Query, text: string): Error | undefined {
    const began = outsideOf(query)
    const site = siteOfQuery(query)
    const outside = began === undefined ? undefined : this.pool.guard.refuseCall('outsideHandle', site, began, text)
    return outside ?? this.refuses?.(text, site)
  }

  /** postgres.js handles the failure of each query of a transaction: `sql.begin` rejects. A refused one it never sees. */
  #failed(query: Query, error: unknown, wasSent: boolean): void {
    this.failure ??= { error, wasSent }
    if (!wasSent && this.sender.transaction !== undefined) void query.catch(() => {})
  }
}

function senderOf(pool: Pool, transaction: Transaction | undefined): StatementSender {
  return new StatementSender(pool.guard, reader, {
    transaction,
    isNamed: pool.judgesNames ? (query) => query !== undefined && isNamed(query as Query, pool.sql) : undefined,
    sentAtOf: (query) => pool.line.sentAtOf(query as Query),
    rewriter: {
      withText: (query: Query, text) => withText(query, text, pool.sql),
      parametersOf: (query: Query) => build(query, pool.sql)?.values,
      keepsText: (query: Query | undefined) => (query === undefined ? 'postgres.js sends it itself' : undefined),
    },
  })
}

/** True if the server only parses the query. The simple protocol, which `readable` uses too, would execute it. */
function isDescription({ onlyDescribe, options: { simple } }: Query): boolean {
  return onlyDescribe === true && simple !== true
}

/** True if postgres.js names the statement, and the server keeps it. */
function isNamed({ options: { prepare = true, simple } }: Query, sql: Sql): boolean {
  return Boolean(sql.options.prepare) && prepare && simple !== true
}

/** Gives a query another text. Its parameters become those of the text, with the types that postgres.js found. */
function withText(query: Query, text: string, sql: Sql): Query {
  const built = query.tagged ? build(query, sql) : undefined
  if (built !== undefined) query.args = built.values.map((value, index) => sql.typed(value, built.types[index]))
  query.tagged = false
  query.strings = [text]
  return query
}
