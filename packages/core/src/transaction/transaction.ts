import { autocommit, inTransaction, type TransactionState } from './state.ts'

/** What adapters name, or send, in the place of what their drivers send unseen. */
export const transactionTexts = { begin: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK' } as const

/** A client's transaction, followed through the statements that are sent. */
export class Transaction {
  state: TransactionState = autocommit

  get isOpen(): boolean {
    return this.state.isOpen
  }

  /** The server, or the driver, knows whether a transaction is open. What was left by one that has ended unseen is forgotten. */
  set isOpen(isOpen: boolean) {
    const { others, isUnanswered, ...answered } = this.state
    if (isUnanswered) this.state = others === undefined ? answered : { ...answered, others }
    if (others !== undefined) this.#choose(others, (state) => state.isOpen === isOpen)
    if (isOpen !== this.state.isOpen) this.state = isOpen ? { ...inTransaction, part: {} } : autocommit
  }

  /** Nothing is left so far, and nothing marked: the answer to a harmless statement need not be watched. */
  get isBare(): boolean {
    const { left, savepoint, others } = this.state
    return left.length === 0 && savepoint === undefined && others === undefined
  }

  /** Leaves out the cases that are none. Where none is left, what was expected stands. */
  #choose(others: readonly TransactionState[], isCase: (state: TransactionState) => boolean): void {
    const { others: _, ...expected } = this.state
    const [first, ...more] = [expected, ...others].filter(isCase)
    this.state = first === undefined ? expected : more.length === 0 ? first : { ...first, others: more }
  }

  /**
   * Passes on what a driver answers to a statement, and learns from it how the transaction stands: not where the transaction has changed
   * since, nor from what failed in the client.
   *
   * @param isOfServer whether the server itself has answered with this error
   */
  watch<Result>(answer: Promise<Result>, isOfServer: (error: unknown) => boolean): Promise<Result> {
    const { isOpen, part, others } = this.state
    if (!isOpen && this.isBare) return answer
    const failed = (error: unknown): never => {
      if (this.state.part === part && isOfServer(error)) this.fail()
      throw error
    }
    if (others === undefined) return answer.catch(failed)
    return answer.then((result) => {
      if (this.state.part === part) this.succeed()
      return result
    }, failed)
  }

  /** All of the last text has succeeded. */
  succeed(): void {
    const { others } = this.state
    if (others !== undefined) this.#choose(others, (state) => !state.isAborted)
  }

  /** A statement of the last text has failed. */
  fail(): void {
    const { others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isAborted)
    this.abort()
  }

  /** Not all that was sent has been answered. */
  expectAnswers(): void {
    if (this.state.isOpen && !this.state.isUnanswered) this.state = { ...this.state, isUnanswered: true }
  }

  /** The server says that it is not aborted, whatever it was taken for. */
  resume(): void {
    const { isAborted, others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isOpen && !state.isAborted)
    else if (isAborted) this.state = { ...this.state, isAborted: false }
  }

  /** The server has aborted it: whatever ends it rolls it back, unless a part of it is rolled back first. */
  abort(): void {
    const { isAborted, others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isAborted)
    if (!isAborted && !this.state.isAborted) this.state = { ...this.state, isAborted: true }
  }
}
