import type { Analysis } from '../analyze/analysis.ts'
import { withStates } from './cases.ts'
import { isTold } from './left.ts'
import { settle } from './settle.ts'
import type { Source } from './source.ts'
import type { Left, Settled, TransactionState } from './state.ts'

/** A statement that a transaction has taken into account, until the server's answer to it is known. */
export interface Sent {
  readonly analysis: Analysis
  readonly source: Source
  /** Everything was decided when it was called (`decideAt: 'statement'`): nothing of it waits for the COMMIT. */
  readonly isDecidedNow: boolean
  /** What was decided when it was called. */
  readonly decided: readonly Left[]
  /** Where the client stands before and after it, as far as is known by now. */
  before: TransactionState
  after: TransactionState
  /** What is due after it, as far as is known by now. */
  due: readonly Left[]
  /** What the driver made of the call: by it the adapter finds the statement again. */
  query?: object | undefined
  /** It may never run, or only in part, such as a cursor: both cases count. */
  isDoubtful?: boolean
}

/** Where the client stands after a statement that was sent from another state than was thought. */
export function settleAgain(sent: Sent, before: TransactionState): Settled {
  if (sent.before === before) return sent
  const { due, after } = settle(sent.analysis, sent.source, before)
  sent.before = before
  sent.due = sent.isDecidedNow ? [] : due
  sent.after = sent.isDecidedNow ? { ...after, left: [] } : after
  return sent
}

/** Where the client may stand after a statement of which nobody knows whether it has run. */
export function withDoubt({ after }: Settled, before: TransactionState): TransactionState {
  return withStates(after, [before, ...(before.others ?? [])])
}

/** What is due after a statement, and was not decided when it was called. */
export function lateOf({ due, decided }: Sent): Left[] {
  return due.filter(
    ({ effect, source }) => !decided.some((known) => known.source === source && isTold(known, { effect, source })),
  )
}
