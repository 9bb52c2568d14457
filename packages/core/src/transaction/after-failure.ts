import type { Analysis, Control, Step } from '../analyze/analysis.ts'
import { chosen, withStates } from './cases.ts'
import { autocommit, type TransactionState } from './state.ts'

/** A text that the server has answered with an error. */
export interface FailedText {
  readonly analysis: Analysis
  readonly sqlState: string | undefined
}

/** The states that are possible after a text has failed at an unknown statement. */
export function afterFailure(before: TransactionState, after: TransactionState, text: FailedText): TransactionState {
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

/** The text fails before its BEGIN, or leaves an aborted transaction. */
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

/** The states that are possible in an open transaction, if no step of the text was expected to fail. */
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

/** If perhaps no transaction was open before the text, perhaps none is open after it. */
function orOutside(aborted: TransactionState, before: TransactionState): TransactionState {
  const { others = [] } = before
  if (before.isOpen && others.every(({ isOpen }) => isOpen)) return aborted
  return before.isOpen
    ? withStates(aborted, [autocommit])
    : withStates(autocommit, [aborted, ...(aborted.others ?? [])])
}
