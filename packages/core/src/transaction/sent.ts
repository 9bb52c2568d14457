import type { Analysis } from '../analyze/analysis.ts'
import { withStates } from './cases.ts'
import { isCovered } from './left.ts'
import { settle } from './settle.ts'
import type { Source } from './source.ts'
import type { Left, Settled, TransactionState } from './state.ts'

/** A statement that counts for its transaction, and has no answer from the server yet. */
export interface Sent {
  readonly analysis: Analysis
  readonly source: Source
  /** The guard decided everything at the call (`decideAt: 'statement'`). Nothing waits for the COMMIT. */
  readonly isDecidedNow: boolean
  /** The decision of the guard at the call. */
  readonly decided: readonly Left[]
  /** The states before and after the statement, as far as they are known. */
  before: TransactionState
  after: TransactionState
  /** The effects that are due after the statement, as far as they are known. */
  due: readonly Left[]
  /** The driver's object for the call. The adapter finds the statement by it. */
  query?: object | undefined
  /** The statement may never run, or run in part, such as a cursor. Both cases count. */
  isDoubtful?: boolean
}

/** Computes a statement again, if the state before it is not the one that was assumed. */
export function settleAgain(sent: Sent, before: TransactionState): Settled {
  if (sent.before === before) return sent
  const { due, after } = settle(sent.analysis, sent.source, before)
  sent.before = before
  sent.due = sent.isDecidedNow ? [] : due
  sent.after = sent.isDecidedNow
    ? { ...after, left: after.left.filter(({ effect }) => effect.clearing !== undefined) }
    : after
  return sent
}

/** The states after a statement that may or may not have run. */
export function withDoubt({ after }: Settled, before: TransactionState): TransactionState {
  return withStates(after, [before, ...(before.others ?? [])])
}

/** Returns the effects that are due after a statement, and were not decided at its call. */
export function lateOf({ due, decided }: Sent): Left[] {
  return due.filter(
    ({ effect, source }) => !decided.some((known) => known.source === source && isCovered(known, { effect, source })),
  )
}
