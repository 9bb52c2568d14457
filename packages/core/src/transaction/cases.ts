import { isCovered } from './left.ts'
import { autocommit, inTransaction, type Left, type Settled, type TransactionState } from './state.ts'

/** Joins the results of all cases: an effect is due if it is due in one of them. */
export function withOthers({ due, after }: Settled, cases: readonly Settled[]): Settled {
  const more = cases
    .flatMap((each) => each.due)
    .filter((entry, at, all) => !isIn(due, entry) && all.findIndex((other) => isCovered(other, entry)) === at)
  return {
    due: [...due, ...more],
    after: withStates(
      after,
      cases.flatMap((each) => [each.after, ...(each.after.others ?? [])]),
    ),
  }
}

function isIn(due: readonly Left[], entry: Left): boolean {
  return due.some((other) => isCovered(other, entry))
}

/**
 * The most cases that are kept beside the first. Each of them costs a walk through the next text, and more than these
 * differ only in savepoints.
 */
export const mostOthers = 8

/** The first state with the other cases, each of them once. */
export function withStates(after: TransactionState, others: readonly TransactionState[]): TransactionState {
  const { others: own = [], ...first } = after
  const known: TransactionState[] = [first]
  for (const { others: _, ...state } of [...own, ...others])
    if (!known.some((each) => isAlike(each, state))) known.push(state)
  return known.length === 1 ? first : { ...first, others: known.slice(1, mostOthers + 1) }
}

function isAlike(one: TransactionState, other: TransactionState): boolean {
  return (
    one.isOpen === other.isOpen &&
    one.isAborted === other.isAborted &&
    one.savepoint === other.savepoint &&
    one.hidesTemporary === other.hidesTemporary &&
    one.mayMakeTemporary === other.mayMakeTemporary &&
    haveSame(one.left, other.left) &&
    haveSame(one.reported ?? nothing, other.reported ?? nothing)
  )
}

const nothing: readonly Left[] = []

function haveSame(one: readonly Left[], other: readonly Left[]): boolean {
  return one === other || (one.length === other.length && one.every((entry, at) => entry === other[at]))
}

/** The state after a statement has succeeded: its transaction is not aborted. */
export function alive(state: TransactionState): TransactionState {
  return chosen(state, ({ isAborted }) => !isAborted) ?? { ...state, isAborted: false }
}

/** Keeps the cases that match. @returns `undefined` if no case matches */
export function chosen(state: TransactionState, isCase: Choice): TransactionState | undefined {
  const { others = [], isUnanswered: _, ...expected } = state
  const [first, ...more] = [expected, ...others].filter(isCase)
  if (first === undefined || more.length === 0) return first
  return { ...first, others: more }
}

type Choice = (state: TransactionState) => boolean

/** Keeps the cases that match. If no case matches, only this much is known. */
export function openOrNot(state: TransactionState, isOpen: boolean, isAborted?: boolean): TransactionState {
  const exact =
    isAborted === undefined
      ? undefined
      : chosen(state, (each) => each.isOpen === isOpen && each.isAborted === isAborted)
  return exact ?? chosen(state, (each) => each.isOpen === isOpen) ?? (isOpen ? inTransaction : autocommit)
}
