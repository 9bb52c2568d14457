import { isTold } from './left.ts'
import type { Left, Settled, TransactionState } from './state.ts'

/** What is due in any of the cases is due. */
export function withOthers({ due, after }: Settled, cases: readonly Settled[]): Settled {
  const more = cases
    .flatMap((each) => each.due)
    .filter((entry, at, all) => !isIn(due, entry) && all.findIndex((other) => isTold(other, entry)) === at)
  return {
    due: [...due, ...more],
    after: withStates(
      after,
      cases.flatMap((each) => [each.after, ...(each.after.others ?? [])]),
    ),
  }
}

function isIn(due: readonly Left[], entry: Left): boolean {
  return due.some((other) => isTold(other, entry))
}

/**
 * Each case costs a walk through the next text: more than this differ in nothing but savepoints that hardly anybody
 * returns to.
 */
export const mostOthers = 8

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
    haveSame(one.left, other.left)
  )
}

function haveSame(one: readonly Left[], other: readonly Left[]): boolean {
  return one === other || (one.length === other.length && one.every((entry, at) => entry === other[at]))
}
