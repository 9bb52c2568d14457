import type { DetectedEffect } from '../analyze/analysis.ts'
import type { Source } from './source.ts'

/** An effect whose harm depends on the end of its transaction, with the statement that has it. */
export interface Left {
  readonly effect: DetectedEffect
  readonly source: Source
}

/** A linked list of savepoints, the newest first, so that it grows without a copy. */
export interface Savepoint {
  readonly name: string | undefined
  /** The effects that the transaction had left when the savepoint was set. */
  readonly left: readonly Left[]
  readonly previous: Savepoint | undefined
}

/** The state of a client's transaction. It is immutable: each text makes a new one. */
export interface TransactionState {
  readonly isOpen: boolean
  /** The server refuses every statement until the end of the transaction, or a ROLLBACK TO. */
  readonly isAborted: boolean
  /** The effects that stay if the transaction commits. */
  readonly left: readonly Left[]
  readonly savepoint: Savepoint | undefined
  /** State that survives a rollback and was reported at the end of its text. The transaction still finds it. */
  readonly reported?: readonly Left[]
  /** The transaction has set a search path with other schemas before pg_temp. */
  readonly hidesTemporary?: true
  /** The transaction has set a search path with pg_temp, and none of the schemas before it may exist. */
  readonly mayMakeTemporary?: true
  /**
   * Other states that are possible, as far as the server's answers are unknown: after a statement fails, the rest of
   * its text does not run. Usually absent.
   */
  readonly others?: readonly TransactionState[]
  /** The server has not answered all texts. Each of them may have failed. */
  readonly isUnanswered?: true
}

/** Outside any transaction. */
export const autocommit: TransactionState = { isOpen: false, isAborted: false, left: [], savepoint: undefined }

/** Inside a transaction that has left nothing. */
export const inTransaction: TransactionState = { ...autocommit, isOpen: true }

/** The result of a text. */
export interface Settled {
  /** Effects that nothing can take back. */
  readonly due: readonly Left[]
  /** The state after the text. */
  readonly after: TransactionState
}
