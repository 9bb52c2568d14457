import { survives } from './left.ts'
import { chainOf } from './savepoints.ts'
import type { Left, Savepoint, TransactionState } from './state.ts'

/** The most entries that a transaction finds after their report. Each statement copies them. */
const mostReported = 64

/**
 * Removes what survives a rollback from the states behind a text: it is due at the end of its text, and reported once.
 * The states of one text share savepoints and lists, so each is looked at once.
 */
export class Survivors {
  readonly #lists = new Map<readonly Left[], readonly Left[]>()
  readonly #savepoints = new Map<Savepoint, Savepoint>()

  removedFrom(state: TransactionState): TransactionState {
    if (!state.left.some(survives)) return state
    const { left, reported = [], savepoint } = state
    return {
      ...state,
      left: this.#removedFromList(left),
      reported: [...reported, ...left.filter(survives)].slice(-mostReported),
      savepoint: this.#removedFromChain(savepoint),
    }
  }

  #removedFromList(left: readonly Left[]): readonly Left[] {
    let pending = this.#lists.get(left)
    if (pending === undefined) {
      pending = left.some(survives) ? left.filter((entry) => !survives(entry)) : left
      this.#lists.set(left, pending)
    }
    return pending
  }

  /** Without recursion: a text may set more savepoints than the call stack is deep. */
  #removedFromChain(newest: Savepoint | undefined): Savepoint | undefined {
    let previous: Savepoint | undefined
    for (const savepoint of chainOf(newest)) {
      let removed = this.#savepoints.get(savepoint)
      if (removed === undefined) {
        const left = this.#removedFromList(savepoint.left)
        const isSame = left === savepoint.left && previous === savepoint.previous
        removed = isSame ? savepoint : { name: savepoint.name, left, previous }
        this.#savepoints.set(savepoint, removed)
      }
      previous = removed
    }
    return previous
  }
}
