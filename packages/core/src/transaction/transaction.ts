import { harmless, type Analysis, type Control, type Step } from '../analyze/analysis.ts'
import { classifyFailure } from '../checkout/failures.ts'
import { withStates } from './cases.ts'
import { lateOf, settleAgain, withDoubt, type Sent } from './sent.ts'
import { autocommit, inTransaction, type Left, type TransactionState } from './state.ts'

/** What adapters name, or send, in the place of what their drivers send unseen. */
export const transactionTexts = { begin: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK' } as const

/** How a transaction is followed. */
export interface TransactionOptions {
  /** The adapter says what became of each statement that was sent. Without it, each counts as done. @default false */
  readonly isAnswered?: boolean
}

/**
 * A client's transaction, followed through the statements that are sent and the answers that come. A statement that has
 * no answer yet counts as done; if it fails, or was never sent, the state is put together again without it.
 */
export class Transaction {
  readonly #isAnswered: boolean
  /** As far as the server's answers say. */
  #known: TransactionState = autocommit
  /** As it will stand if all that was sent succeeds. */
  #expected: TransactionState = autocommit
  /** In the order of their answers. */
  #sent: Sent[] = []
  #latest: Sent | undefined
  #late: Left[] = []

  constructor({ isAnswered = false }: TransactionOptions = {}) {
    this.#isAnswered = isAnswered
  }

  get state(): TransactionState {
    return this.#expected
  }

  /** The transaction stands so, whatever was sent before. */
  set state(state: TransactionState) {
    this.#known = state
    this.#expected = state
    this.#sent = []
  }

  get isOpen(): boolean {
    return this.#expected.isOpen
  }

  /**
   * The server, or the driver, knows whether a transaction is open. What was left by one that has ended unseen is
   * forgotten.
   */
  set isOpen(isOpen: boolean) {
    this.state = openOrNot(this.#expected, isOpen)
  }

  /** Nothing is left so far, and nothing marked: the answer to a harmless statement need not be watched. */
  get isBare(): boolean {
    const { left, savepoint, others } = this.#expected
    return !this.isWaiting && left.length === 0 && savepoint === undefined && others === undefined
  }

  /** Some statement that changed the transaction has no answer yet. */
  get isWaiting(): boolean {
    return this.#sent.length > 0
  }

  /** A judged statement is about to be sent. */
  advance(sent: Sent): void {
    this.#expected = sent.after
    if (!this.#isAnswered) this.#known = sent.after
    else if (this.isWaiting || sent.before.isOpen || sent.after.isOpen || sent.after.others !== undefined) {
      this.#sent.push(sent)
      this.#latest = sent
    }
  }

  /** The statement that was judged last, if it changed the transaction; once. */
  takeLatest(): Sent | undefined {
    const latest = this.#latest
    this.#latest = undefined
    return latest
  }

  /** The statement that the driver made this query of. */
  sentAs(query: object): Sent | undefined {
    return this.#sent.find((each) => each.query === query)
  }

  /** A statement may never run: a cursor that nobody reads. */
  doubt(sent: Sent): void {
    sent.isDoubtful = true
    this.#expect()
  }

  /** The statement that was judged last may never run. */
  doubtLatest(): void {
    const latest = this.takeLatest()
    if (latest !== undefined) this.doubt(latest)
  }

  /** A statement was never sent. */
  drop(sent: Sent): void {
    this.#sent = this.#sent.filter((each) => each !== sent)
    this.#expect()
  }

  /** The driver has nothing under way: what has no answer was never sent. */
  dropUnanswered(): void {
    if (this.isWaiting) this.#sent = []
    this.#expected = this.#known
  }

  /** Not all that was sent has been answered. */
  expectAnswers(): void {
    if (this.isOpen && !this.#expected.isUnanswered) this.#expected = { ...this.#expected, isUnanswered: true }
  }

  /** A statement has succeeded. Answers come in order: what was before it, and has none, was never sent. */
  succeed(sent: Sent): void {
    if (!this.#arrive(sent)) return
    const { after } = settleAgain(sent, this.#known)
    this.#late.push(...lateOf(sent))
    this.#known = alive(after)
    this.#expect()
  }

  /**
   * The server has answered a statement with an error, or one of its text.
   *
   * @param sent `undefined` for a statement that changes no transaction
   * @param sqlState the SQLSTATE of the error, where the server does not say itself whether a transaction is open
   */
  fail(sent?: Sent, sqlState?: string): void {
    if (sent !== undefined && !this.#arrive(sent)) return
    const after = sent === undefined ? this.#known : settleAgain(sent, this.#known).after
    this.#known = afterFailure(this.#known, after, { analysis: sent?.analysis ?? harmless, sqlState })
    this.#expect()
  }

  /** The server has answered a statement with an error that {@link watch} did not watch. */
  failUnwatched(sqlState: string): void {
    if (this.#known.isOpen && this.isBare) this.fail(undefined, sqlState)
  }

  /** Nobody knows what became of a statement. */
  lose(sent: Sent): void {
    if (!this.#arrive(sent)) return
    this.#known = withDoubt(settleAgain(sent, this.#known), this.#known)
    this.#expect()
  }

  /** The server says where its session stands, behind all that it has answered: the status byte of ReadyForQuery. */
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
   * Passes on what a driver answers to a statement, and learns from it how the transaction stands. Costs nothing for a
   * statement that changes nothing, while the transaction has left nothing.
   *
   * @param sqlStateOf the SQLSTATE of an error with which the server itself has answered
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

  /** What the answers have shown to be due that was not when its statement was called; once. */
  takeLate(): readonly Left[] {
    if (this.#late.length === 0) return this.#late
    const late = this.#late
    this.#late = []
    return late
  }

  /** The server has answered a statement that changes nothing, so that it has not aborted the transaction. */
  #goesOn(): void {
    this.#known = alive(this.#known)
    this.#expect()
  }

  /** @returns `false` for one that was forgotten */
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

/** A text that the server has answered with an error. */
interface FailedText {
  readonly analysis: Analysis
  readonly sqlState: string | undefined
}

/** Where the client may stand after a text that has failed, which nobody knows where. */
function afterFailure(before: TransactionState, after: TransactionState, text: FailedText): TransactionState {
  const { analysis } = text
  const aborted = chosen(after, (state) => state.isAborted)
  if (begins(analysis) && !before.isOpen)
    return afterFailedBegin(before, aborted ?? { ...after, isAborted: true }, text)
  if (aborted !== undefined) return orOutside(aborted, before)
  return before.isOpen ? afterFailureInside(before, after, analysis) : before
}

function begins({ steps }: Analysis): boolean {
  return steps.some(({ control }) => control?.does === 'begin')
}

/** A text that begins a transaction fails before its BEGIN, or leaves a transaction that is aborted. */
function afterFailedBegin(
  before: TransactionState,
  aborted: TransactionState,
  { analysis, sqlState = '' }: FailedText,
): TransactionState {
  const { steps, isBatch } = analysis
  const beginsFirst = steps[0]?.control?.does === 'begin' && steps[0].followsDoubt !== true
  const mayHaveEnded = steps.some(({ control }) => isEnd(control))
  if (isBatch && beginsFirst && !mayHaveEnded && isOfExecution.test(sqlState)) return aborted
  return withStates(before, [aborted, ...(aborted.others ?? [])])
}

/**
 * SQLSTATEs with which PostgreSQL refuses a statement, but never the syntax of a text. It checks the syntax of the whole
 * text before it runs the first statement of it: division by zero, constraints, a name that is not there.
 */
const isOfExecution = /^(22012|23...|26000|34000|3B001|42P01|42703|42704|42883)$/

/** Where an open transaction may stand when a text has failed at a place that nobody has foreseen. */
function afterFailureInside(before: TransactionState, after: TransactionState, analysis: Analysis): TransactionState {
  const aborted: TransactionState = { ...before, isAborted: true }
  const { steps, isBatch } = analysis
  const mayEnd = ({ control }: Step): boolean => control?.does === 'commit' || (isBatch && control?.does === 'rollback')
  // The text may have failed behind a SAVEPOINT of its own.
  if (!steps.some(mayEnd)) return withStates(aborted, after.isOpen ? [{ ...after, isAborted: true }] : [])
  // A COMMIT that fails, for a deferred constraint, ends its transaction.
  if (!isBatch) return autocommit
  const begun = after.isOpen ? [{ ...after, isAborted: true }] : []
  const [first] = steps
  const isEndedFirst = first !== undefined && mayEnd(first) && first.followsDoubt !== true
  return isEndedFirst ? withStates(autocommit, [aborted, ...begun]) : withStates(aborted, [autocommit, ...begun])
}

function isEnd(control: Control | undefined): boolean {
  return control?.does === 'commit' || control?.does === 'rollback'
}

/** If there was perhaps no transaction, there is perhaps none behind a text that has failed. */
function orOutside(aborted: TransactionState, before: TransactionState): TransactionState {
  const { others = [] } = before
  if (before.isOpen && others.every(({ isOpen }) => isOpen)) return aborted
  return before.isOpen
    ? withStates(aborted, [autocommit])
    : withStates(autocommit, [aborted, ...(aborted.others ?? [])])
}

/** Where the client stands if the server has run a statement: not in an aborted transaction. */
function alive(state: TransactionState): TransactionState {
  return chosen(state, ({ isAborted }) => !isAborted) ?? { ...state, isAborted: false }
}

/** Leaves out the cases that are none. @returns `undefined` where none is left */
function chosen(state: TransactionState, isCase: Choice): TransactionState | undefined {
  const { others = [], isUnanswered: _, ...expected } = state
  const [first, ...more] = [expected, ...others].filter(isCase)
  if (first === undefined || more.length === 0) return first
  return { ...first, others: more }
}

type Choice = (state: TransactionState) => boolean

/** Where none of the cases is left, nothing is known but this. */
function openOrNot(state: TransactionState, isOpen: boolean, isAborted?: boolean): TransactionState {
  const exact =
    isAborted === undefined
      ? undefined
      : chosen(state, (each) => each.isOpen === isOpen && each.isAborted === isAborted)
  return exact ?? chosen(state, (each) => each.isOpen === isOpen) ?? (isOpen ? inTransaction : autocommit)
}

/** Returns true if the connection is gone: the server rolls back what it has left open. */
export function isConnectionGone(error: unknown): boolean {
  return classifyFailure(error)?.kind === 'brokenConnection'
}
