import type { DetectedEffect } from '../analyze/analysis.ts'
import type { Source } from './source.ts'

/** An effect whose harm depends on how the transaction ends, with the statement that had it. */
export interface Left {
  readonly effect: DetectedEffect
  readonly source: Source
}

/** The newest first: a list that grows without being copied. */
export interface Savepoint {
  readonly name: string | undefined
  /** What was left when it was set. */
  readonly left: readonly Left[]
  readonly previous: Savepoint | undefined
}

/** Where a client stands in its transaction. Never changed: each text gives a new one. */
export interface TransactionState {
  readonly isOpen: boolean
  /** The server refuses everything but the end of the transaction, or of a part of it. */
  readonly isAborted: boolean
  /** What stays behind if the transaction commits. */
  readonly left: readonly Left[]
  readonly savepoint: Savepoint | undefined
  /** A search path of the transaction puts other schemas before pg_temp. */
  readonly hidesTemporary?: true
  /**
   * Where else the client may stand, as far as the server's answers are not known: a statement that fails leaves out
   * all that follows it in its text. Absent nearly always.
   */
  readonly others?: readonly TransactionState[]
  /** Texts are under way that the server has not answered yet: any of them may have failed. */
  readonly isUnanswered?: true
}

/** Outside any transaction. */
export const autocommit: TransactionState = { isOpen: false, isAborted: false, left: [], savepoint: undefined }

/** Inside a transaction that has left nothing so far. */
export const inTransaction: TransactionState = { ...autocommit, isOpen: true }

/** What a text comes to. */
export interface Settled {
  /** The effects that nothing takes back any more. */
  readonly due: readonly Left[]
  /** Where the client stands when the text has run. */
  readonly after: TransactionState
}
