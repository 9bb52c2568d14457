import { harmless, type Analysis } from '../analyze/analysis.ts'
import { onlyBegins } from '../checkout/statement-limits.ts'
import type { PoolsafeError } from '../errors.ts'
import type { Execution } from '../observe/execution.ts'
import type { Observer } from '../observe/observer.ts'
import { observeStream } from '../observe/observe-stream.ts'
import type { Layer } from '../stack/origin.ts'
import type { Transaction } from '../transaction/transaction.ts'
import type { Caller } from '../stack/call-site.ts'
import { originalPosition } from '../rewrite/edits.ts'
import type { Call } from './call.ts'
import type { Engine } from './engine.ts'
import type { StatementRemedy } from './remedies.ts'
import type { Ending } from './ending.ts'
import { sendEnding } from './send-ending.ts'
import type { Replacement } from './repair-plan.ts'
import { noteAnswer } from './repaired-locks.ts'
import type { AnswerReader, Rewriter, SenderOptions } from './sender-options.ts'
import { performance } from '../measure/real-time.ts'

/**
 * Sends the statements of one connection, or of one pool, for drivers that answer with a promise: judges a statement,
 * sends it, observes it, follows its transaction and judges the answer.
 */
export class StatementSender {
  /** Follows the transaction of the connection, if the caller holds one. */
  readonly transaction: Transaction | undefined
  readonly #guard: Engine
  readonly #layer: Layer
  readonly #answerOf: AnswerReader['answerOf']
  readonly #rowsOf: AnswerReader['rowsOf']
  readonly #sqlStateOf: AnswerReader['sqlStateOf']
  readonly #observer: Observer | undefined
  readonly #isNamed: ((input: unknown) => boolean) | undefined
  readonly #onRefusal: ((refusal: PoolsafeError, analysis: Analysis) => PoolsafeError) | undefined
  readonly #rewriter: Rewriter | undefined
  readonly #seesEnd: (() => boolean) | undefined
  readonly #sentAtOf: ((input: unknown) => number | undefined) | undefined
  /** When the open transaction began, on the clock of `performance.now()`; 0 outside a transaction. */
  #transactionSince = 0
  /** When a statement was sent that begins or ends the transaction; 0 once that is noted. */
  #changedAt = 0

  constructor(guard: Engine, reader: AnswerReader, options: SenderOptions = {}) {
    const { transaction, isObserved = true, isNamed, onRefusal, rewriter, seesEnd, sentAtOf } = options
    this.#guard = guard
    this.#layer = reader.layer
    this.#answerOf = reader.answerOf
    this.#rowsOf = reader.rowsOf
    this.#sqlStateOf = reader.sqlStateOf
    this.#observer = isObserved ? guard.observer : undefined
    this.transaction = transaction
    this.#isNamed = isNamed
    this.#onRefusal = onRefusal
    this.#rewriter = rewriter
    this.#seesEnd = seesEnd
    this.#sentAtOf = sentAtOf
  }

  /** The driver knows whether a transaction is open. Needed only if it begins or ends one without a statement. */
  set isOpen(isOpen: boolean) {
    if (this.transaction !== undefined) this.transaction.isOpen = isOpen
    this.#transactionSince = isOpen ? performance.now() : 0
    this.#changedAt = 0
  }

  /**
   * Sends a statement, unless a rule refuses it. A harmless statement costs one cache lookup, and its observation.
   *
   * @param entry the method that the application or the ORM called; stacks begin at its caller
   * @param forward the driver's own method; gets `input` and `options`
   * @returns the driver's answer; rejects with UnsafeStatementError for a refused statement
   */
  send<Input, Options, Result>(
    sql: string,
    entry: Caller,
    forward: (input: Input, options?: Options) => Promise<Result>,
    input: Input,
    options?: Options,
  ): Promise<Result> {
    const analysis = this.#guard.analyze(sql)
    if (analysis !== harmless || this.#isNamed?.(input) === true)
      return this.#sendJudged(sql, analysis, entry, forward, input, options)
    const observer = this.#observer
    const answer =
      observer === undefined
        ? forward(input, options)
        : this.#end(observer, this.#begin(observer, sql, entry), forward(input, options), input)
    const { transaction } = this
    return transaction === undefined || transaction.isBare ? answer : transaction.watch(answer, this.#sqlStateOf)
  }

  /**
   * Sends a statement whose rows arrive in chunks, unless a rule refuses it. Like the driver, it reports an error to the
   * reader.
   *
   * @param open calls the driver, which sends nothing before the first chunk is read
   */
  stream<Chunk>(sql: string, entry: Caller, open: () => AsyncIterableIterator<Chunk>): AsyncIterableIterator<Chunk> {
    const analysis = this.#guard.analyze(sql)
    const refusal = analysis === harmless ? undefined : this.#refuseStream(sql, analysis, entry)
    if (refusal !== undefined) return failing(refusal)
    // A stream that is not read sends nothing, and one that is not read to its end may run in part.
    this.transaction?.doubtLatest()
    const observer = this.#observer
    if (observer === undefined) return open()
    const begin = (next: Caller): Execution => this.#begin(observer, sql, next)
    return observeStream(open(), { observer, begin, rowsOf: this.#rowsOf, sqlStateOf: this.#sqlStateOf })
  }

  /** Observes a call by which the driver itself sends `sql`, such as the BEGIN of its own transactions. Judges nothing. */
  observe<Result>(sql: string, entry: Caller, call: () => Promise<Result>): Promise<Result> {
    const observer = this.#observer
    return observer === undefined ? call() : this.#end(observer, this.#begin(observer, sql, entry), call())
  }

  #sendJudged<Input, Options, Result>(
    sql: string,
    analysis: Analysis,
    entry: Caller,
    forward: (input: Input, options?: Options) => Promise<Result>,
    input: Input,
    options?: Options,
  ): Promise<Result> {
    if (this.#changedAt !== 0) this.#noteTransaction()
    const wasOpen = this.transaction?.isOpen
    const call = this.#callFor(this.#isNamed?.(input))
    const remedy = this.#guard.repairs ? this.#remedy(sql, analysis, call, input) : undefined
    const refusal = this.#refuse(sql, analysis, entry, call, remedy)
    if (refusal !== undefined) return Promise.reject(refusal)
    const observer = this.#observer
    const execution = observer && this.#begin(observer, sql, entry)
    if (execution !== undefined) {
      execution.onlyBegins = onlyBegins(analysis)
      if (this.transaction?.isOpen !== wasOpen) this.#changedAt = execution.startedAt
    }
    const send = remedy?.send
    const ending = typeof remedy?.ending === 'object' ? remedy.ending : undefined
    const sent =
      ending !== undefined
        ? this.#sendEnding(ending, (text) => forward(this.#withEnd(input, text), options))
        : send === undefined || send.sql === sql
          ? forward(input, options)
          : this.#sendRepaired(sql, send, forward, input, options)
    const observed = observer && execution ? this.#end(observer, execution, sent, input) : sent
    const answer = this.transaction === undefined ? observed : this.transaction.watch(observed, this.#sqlStateOf)
    if (send?.tried !== undefined) return this.#judgeAnswer(sql, send.analysis, answer, send)
    const { telltales } = send?.analysis ?? analysis
    return telltales === undefined ? answer : this.#judgeAnswer(sql, send?.analysis ?? analysis, answer)
  }

  #callFor(named = false): Call {
    const { transaction } = this
    return transaction === undefined ? { pinned: false, named } : { pinned: true, transaction, named }
  }

  #remedy(sql: string, analysis: Analysis, call: Call, input: unknown): StatementRemedy | undefined {
    const rewriter = this.#rewriter
    const keepsText =
      rewriter === undefined ? 'this adapter sends texts as they are' : rewriter.keepsText?.(input as never)
    const more = keepsText === undefined ? { parameters: rewriter?.parametersOf(input as never) } : { keepsText }
    const canClear = this.#seesEnd?.() === true
    return this.#guard.remedy(sql, analysis, { ...call, ...more, canClear })
  }

  #withEnd<Input>(input: Input, text: string): Input {
    const rewriter = this.#rewriter
    return (rewriter?.withEnd ?? rewriter?.withText)?.(input as never, text) as Input
  }

  #sendEnding<Result>(ending: Ending, send: (text: string) => Promise<Result>): Promise<Result> {
    return sendEnding(ending, send, (error, done) => {
      const hasEnded = done !== undefined
      const failed = { hasEnded, done: done ?? 0, error, sqlState: this.#sqlStateOf(error) }
      return this.#guard.refuseUncleared(ending, failed)
    })
  }

  /** Errors have their position in the application's text. */
  #sendRepaired<Input, Options, Result>(
    sql: string,
    { sql: text, edits }: Replacement,
    forward: (input: Input, options?: Options) => Promise<Result>,
    input: Input,
    options?: Options,
  ): Promise<Result> {
    const changed = this.#rewriter?.withText(input as never, text) as Input
    return forward(changed, options).catch((error: unknown) => {
      const placed = error as { position?: unknown } | null | undefined
      const position = Number(placed?.position)
      if (position > 0) (placed as { position: string }).position = String(originalPosition(sql, edits, position))
      throw error
    })
  }

  #refuseStream(sql: string, analysis: Analysis, entry: Caller): PoolsafeError | undefined {
    const call = this.#callFor()
    const remedy = this.#guard.repairs
      ? this.#guard.remedy(sql, analysis, { ...call, keepsText: 'its rows are read as a stream' })
      : undefined
    return this.#refuse(sql, analysis, entry, call, remedy)
  }

  #refuse(
    sql: string,
    analysis: Analysis,
    entry: Caller,
    call: Call,
    remedy: StatementRemedy | undefined,
  ): PoolsafeError | undefined {
    const refusal = this.#guard.refuse(sql, analysis, call, entry, remedy)
    return refusal === undefined || this.#onRefusal === undefined ? refusal : this.#onRefusal(refusal, analysis)
  }

  #begin(observer: Observer, sql: string, entry: Caller): Execution {
    if (this.#changedAt !== 0) this.#noteTransaction()
    const execution = observer.begin(sql, this.#layer, entry)
    execution.transactionSince = this.#transactionSince
    return execution
  }

  /** The returned promise replaces `answer`, so Node still reports an unhandled failure. */
  #end<Result>(observer: Observer, execution: Execution, answer: Promise<Result>, input?: unknown): Promise<Result> {
    return answer.then(
      (result) => {
        this.#noteWait(execution, input)
        execution.rows = this.#rowsOf(result)
        observer.end(execution)
        return result
      },
      (error: unknown) => {
        const sqlState = this.#sqlStateOf(error)
        this.#noteWait(execution, input)
        observer.end(execution, sqlState ?? '')
        if (sqlState !== undefined) this.transaction?.failUnwatched(sqlState)
        throw error
      },
    )
  }

  #noteWait(execution: Execution, input: unknown): void {
    const sentAt = this.#sentAtOf?.(input)
    if (sentAt !== undefined) execution.sentAt = sentAt
  }

  /** The transaction follows the answers: a BEGIN that failed has begun nothing. */
  #noteTransaction(): void {
    if (this.transaction?.isOpen !== true) this.#transactionSince = 0
    else if (this.#transactionSince === 0) this.#transactionSince = this.#changedAt
    this.#changedAt = 0
  }

  #judgeAnswer<Result>(sql: string, analysis: Analysis, answer: Promise<Result>, send?: Replacement): Promise<Result> {
    return answer.then((result) => {
      const answers = [this.#answerOf(result)]
      if (send !== undefined && this.transaction !== undefined) noteAnswer(send, this.transaction, answers)
      const refusal = this.#guard.refuseAnswer(sql, analysis, answers)
      if (refusal !== undefined) throw refusal
      return result
    })
  }
}

/** A stream reports its errors to its reader. */
// oxlint-disable-next-line require-yield -- it has no rows, only the error
async function* failing(error: Error): AsyncIterableIterator<never> {
  throw error
}
