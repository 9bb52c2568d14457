import { harmless } from '../analyze/analysis.ts'
import { classifyFailure } from '../checkout/failures.ts'
import { afterFailure } from './after-failure.ts'
import { alive, openOrNot } from './cases.ts'
import { lateOf, settleAgain, withDoubt, type Sent } from './sent.ts'
import { autocommit, type Left, type TransactionState } from './state.ts'

/** How poolsafe follows a transaction. */
export interface TransactionOptions {
  /** The adapter reports the answer to each statement. If `false`, each statement counts as done. @default false */
  readonly isAnswered?: boolean
}

/**
 * Follows a client's transaction through statements and answers. A statement without an answer counts as done. If it
 * fails, or was never sent, the state is computed again without it.
 */
export class Transaction {
  readonly #isAnswered: boolean
  /** The state that the server's answers confirm. */
  #known: TransactionState = autocommit
  /** The state if all statements without an answer succeed. */
  #expected: TransactionState = autocommit
  /** Statements without an answer, in the order of their answers. */
  #sent: Sent[] = []
  #latest: Sent | undefined
  #late: Left[] = []

  constructor({ isAnswered = false }: TransactionOptions = {}) {
    this.#isAnswered = isAnswered
  }

  get state(): TransactionState {
    return this.#expected
  }

  /** Sets the state, and forgets the statements without an answer. */
  set state(state: TransactionState) {
    this.#known = state
    this.#expected = state
    this.#sent = []
  }

  get isOpen(): boolean {
    return this.#expected.isOpen
  }

  /**
   * Sets whether a transaction is open, as the server or the driver knows it. Forgets what a transaction has left that
   * ended unseen.
   */
  set isOpen(isOpen: boolean) {
    this.state = openOrNot(this.#expected, isOpen)
  }

  /** Nothing is left, and no savepoint is set: the answers to harmless statements need not be watched. */
  get isBare(): boolean {
    const { left, savepoint, others } = this.#expected
    return !this.isWaiting && left.length === 0 && savepoint === undefined && others === undefined
  }

  /** Returns true if a statement that changes the transaction has no answer yet. */
  get isWaiting(): boolean {
    return this.#sent.length > 0
  }

  /** Takes a judged statement into account, before it is sent. */
  advance(sent: Sent): void {
    this.#expected = sent.after
    if (!this.#isAnswered) this.#known = sent.after
    else if (this.isWaiting || sent.before.isOpen || sent.after.isOpen || sent.after.others !== undefined) {
      this.#sent.push(sent)
      this.#latest = sent
    }
  }

  /** Returns the statement that was judged last, if it changes the transaction. The second call returns nothing. */
  takeLatest(): Sent | undefined {
    const latest = this.#latest
    this.#latest = undefined
    return latest
  }

  /** Returns the statement of a query object. */
  sentAs(query: object): Sent | undefined {
    return this.#sent.find((each) => each.query === query)
  }

  /** Notes that a statement may never run: a cursor may never be read. */
  doubt(sent: Sent): void {
    sent.isDoubtful = true
    this.#expect()
  }

  /** Notes that the statement that was judged last may never run. */
  doubtLatest(): void {
    const latest = this.takeLatest()
    if (latest !== undefined) this.doubt(latest)
  }

  /** Notes that the server has refused a lock that a repaired statement tried. */
  refuseLock(object: string): void {
    const { left } = this.#known
    const at = left.findLastIndex(({ effect }) => effect.object === object)
    if (at < 0) return
    const { effect, source } = left[at] as Left
    this.#known = { ...this.#known, left: left.with(at, { effect: { ...effect, object: refused(object) }, source }) }
    this.#expect()
  }

  /** Removes a statement that was never sent. */
  drop(sent: Sent): void {
    this.#sent = this.#sent.filter((each) => each !== sent)
    this.#expect()
  }

  /** Removes all statements without an answer: the driver has sent none of them. */
  dropUnanswered(): void {
    if (this.isWaiting) this.#sent = []
    this.#expected = this.#known
  }

  /** Notes that the server has not answered all statements, harmless ones included. */
  expectAnswers(): void {
    if (this.isOpen && !this.#expected.isUnanswered) this.#expected = { ...this.#expected, isUnanswered: true }
  }

  /** Confirms a statement. Answers come in order, so earlier statements without an answer were never sent. */
  succeed(sent: Sent): void {
    if (!this.#arrive(sent)) return
    const { after } = settleAgain(sent, this.#known)
    this.#late.push(...lateOf(sent))
    this.#known = alive(after)
    this.#expect()
  }

  /**
   * Notes that the server has answered a text with an error.
   *
   * @param sent `undefined` for a statement that changes no transaction
   * @param sqlState the SQLSTATE of the error. Not needed if {@link serverSays} follows
   */
  fail(sent?: Sent, sqlState?: string): void {
    if (sent !== undefined && !this.#arrive(sent)) return
    const after = sent === undefined ? this.#known : settleAgain(sent, this.#known).after
    this.#known = afterFailure(this.#known, after, { analysis: sent?.analysis ?? harmless, sqlState })
    this.#expect()
  }

  /** Notes that the server has answered a harmless statement with an error, if {@link watch} did not watch it. */
  failUnwatched(sqlState: string): void {
    if (this.#known.isOpen && this.isBare) this.fail(undefined, sqlState)
  }

  /** Notes that the fate of a statement is unknown. */
  lose(sent: Sent): void {
    if (!this.#arrive(sent)) return
    this.#known = withDoubt(settleAgain(sent, this.#known), this.#known)
    this.#expect()
  }

  /** Takes the server's transaction status after its last answer: the status byte of ReadyForQuery. */
  serverSays(status: string): void {
    const isOpen = status !== 'I'
    const isAborted = status === 'E'
    const known = this.#known
    if (known.isOpen === isOpen && known.isAborted === isAborted && known.others === undefined) return
    const state = openOrNot(known, isOpen, isAborted)
    this.#known = state.isAborted === isAborted ? state : { ...state, isAborted }
    this.#expect()
  }

  /**
   * Passes on a driver's answer, and updates the state by it. Costs nothing for a harmless statement while the
   * transaction has left nothing.
   *
   * @param sqlStateOf returns the SQLSTATE of an error; `undefined` if the error did not come from the server
   */
  watch<Result>(answer: Promise<Result>, sqlStateOf: (error: unknown) => string | undefined): Promise<Result> {
    const sent = this.takeLatest()
    if (sent === undefined && this.isBare) return answer
    const failed = (error: unknown): never => {
      const sqlState = sqlStateOf(error)
      if (sqlState !== undefined) this.fail(sent, sqlState)
      else if (isConnectionGone(error)) this.state = autocommit
      else if (sent !== undefined) this.lose(sent)
      throw error
    }
    const { others, isAborted } = this.#known
    if (sent === undefined && others === undefined && !isAborted) return answer.catch(failed)
    return answer.then((result) => {
      if (sent === undefined) this.#goesOn()
      else this.succeed(sent)
      return result
    }, failed)
  }

  /** Returns what the answers have shown to be due, and was not due at the call. The second call returns nothing. */
  takeLate(): readonly Left[] {
    if (this.#late.length === 0) return this.#late
    const late = this.#late
    this.#late = []
    return late
  }

  /** A harmless statement has succeeded, so the transaction is not aborted. */
  #goesOn(): void {
    this.#known = alive(this.#known)
    this.#expect()
  }

  /** @returns `false` for a statement that was removed */
  #arrive(sent: Sent): boolean {
    const at = this.#sent.indexOf(sent)
    if (at < 0) return false
    const before = this.#sent.splice(0, at + 1).slice(0, at)
    for (const each of before) if (each.isDoubtful) this.#known = withDoubt(settleAgain(each, this.#known), this.#known)
    return true
  }

  #expect(): void {
    let state = this.#known
    for (const sent of this.#sent) {
      const settled = settleAgain(sent, state)
      state = sent.isDoubtful ? withDoubt(settled, state) : settled.after
    }
    this.#expected = state
  }
}

/** The name of a lock that the server has refused. */
export function refused(lock: string): string {
  return `refused ${lock}`
}

/** Returns true if the connection is gone. The server then rolls back its open transaction. */
export function isConnectionGone(error: unknown): boolean {
  return classifyFailure(error)?.kind === 'brokenConnection'
}
