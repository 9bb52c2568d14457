import type { Analysis, Control, DetectedEffect } from '../analyze/analysis.ts'
import { survivesRollback } from '../analyze/effects.ts'

/** Where a statement came from. */
export interface Source {
  readonly sql: string
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation?: string | undefined
  readonly stack?: string | undefined
}

/** An effect whose harm depends on how the transaction ends, with the statement that had it. */
export interface Left {
  readonly effect: DetectedEffect
  readonly source: Source
}

interface Savepoint {
  readonly name: string | undefined
  /** What was left when it was set. */
  readonly left: readonly Left[]
}

/** Where a client stands in its transaction. Never changed: each text gives a new one. */
export interface TransactionState {
  readonly isOpen: boolean
  /** What stays behind if the transaction commits. */
  readonly left: readonly Left[]
  readonly savepoints: readonly Savepoint[]
}

/** Outside any transaction. */
export const autocommit: TransactionState = { isOpen: false, left: [], savepoints: [] }

/** Inside a transaction that has left nothing so far. */
export const inTransaction: TransactionState = { ...autocommit, isOpen: true }

/** What a text comes to. */
export interface Settled {
  /** The effects that nothing takes back any more. */
  readonly due: readonly Left[]
  /** Where the client stands when the text has run. */
  readonly after: TransactionState
}

/**
 * Follows what is left behind through a text, from where the client stands. What is rolled back, dropped, reset, closed or
 * unlocked before the commit is not left behind. What survives a rollback (locks, prepared statements …) is due at the end of
 * its text: a later text might take it back, but an error in between would not.
 */
export function settle(analysis: Analysis, source: Source, before: TransactionState): Settled {
  const walk = new Walk(before, analysis.isBatch, source)
  for (const { effects, control } of analysis.steps) {
    for (const effect of effects) walk.effect(effect)
    if (control !== undefined) walk.control(control)
  }
  return walk.end()
}

class Walk {
  readonly #source: Source
  readonly #isBatch: boolean
  readonly #due: Left[] = []
  #isOpen: boolean
  #left: Left[]
  #savepoints: Savepoint[]
  /** A BEGIN of this text, which needs a connection of one's own if the text does not end what it begins. */
  #opening: Left | undefined

  constructor({ isOpen, left, savepoints }: TransactionState, isBatch: boolean, source: Source) {
    this.#isOpen = isOpen
    this.#left = [...left]
    this.#savepoints = [...savepoints]
    this.#isBatch = isBatch
    this.#source = source
  }

  effect(effect: DetectedEffect): void {
    const entry = { effect, source: this.#source }
    if (effect.when === 'unpinned') {
      if (!this.#isOpen) this.#opening = entry
    } else if (effect.when !== 'autocommit' || !(this.#isOpen || this.#isBatch)) this.#take(entry)
  }

  #take(entry: Left): void {
    const { effect } = entry
    switch (effect.does) {
      case 'undoes':
        this.#takeBack(effect)
        break
      case 'clears':
        if (!this.#takeBack(effect)) this.#left.push(entry)
        break
      case 'leaves':
        this.#left.push(entry)
        break
      case 'needs':
        if (!this.#left.some((earlier) => isSame(earlier.effect, effect))) this.#due.push(entry)
        break
      default:
        this.#due.push(entry)
    }
  }

  /** @returns whether there was anything to take back */
  #takeBack(effect: DetectedEffect): boolean {
    const last = this.#left.findLast((earlier) => isSame(earlier.effect, effect))
    // Locks are counted: each unlock takes one back. Everything else is gone at once.
    const isOne = effect.state === 'advisory-lock' && effect.object !== undefined
    const kept = this.#left.filter((earlier) => (isOne ? earlier !== last : !isSame(earlier.effect, effect)))
    const found = kept.length < this.#left.length
    if (found) this.#left = kept
    return found
  }

  control({ does, name, chains = false }: Control): void {
    switch (does) {
      case 'begin':
        this.#isOpen = true
        break
      case 'commit':
        this.#finish(this.#left, chains)
        break
      case 'rollback':
        this.#finish(this.#left.filter(survives), chains)
        break
      case 'savepoint':
        this.#savepoints.push({ name, left: [...this.#left] })
        break
      case 'release':
        this.#savepoints.splice(this.#find(name))
        break
      case 'rollback-to':
        this.#rollBackTo(this.#find(name))
        break
    }
  }

  #finish(due: readonly Left[], chains: boolean): void {
    this.#due.push(...due)
    this.#left = []
    this.#savepoints = []
    this.#isOpen = chains
  }

  /** The newest savepoint of that name; behind the last one where PostgreSQL will not find it either. */
  #find(name: string | undefined): number {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    return at === -1 ? this.#savepoints.length : at
  }

  /** What was taken back since is there again, unless taking it back survives, as CLOSE does. The savepoint itself stays. */
  #rollBackTo(at: number): void {
    const now = this.#left
    const then = this.#savepoints[at]?.left ?? now
    const restored = then.filter((entry) => now.includes(entry) || !(survives(entry) || entry.effect.state === 'held-cursor'))
    this.#left = [...restored, ...now.filter((entry) => survives(entry) && !then.includes(entry))]
    this.#savepoints.splice(at + 1)
  }

  end(): Settled {
    if (!this.#isOpen) {
      this.#due.push(...this.#left)
      return { due: this.#due, after: autocommit }
    }
    if (this.#opening !== undefined) this.#due.push(this.#opening)
    this.#due.push(...this.#left.filter(survives))
    // What is due is told once.
    const isPending = (entry: Left): boolean => !survives(entry)
    const savepoints = this.#savepoints.map(({ name, left }) => ({ name, left: left.filter(isPending) }))
    return { due: this.#due, after: { isOpen: true, left: this.#left.filter(isPending), savepoints } }
  }
}

function survives({ effect }: Left): boolean {
  return survivesRollback.has(effect.state)
}

/** Whether `later` means what `earlier` left: the same thing, or all of its kind. */
function isSame(earlier: DetectedEffect, later: DetectedEffect): boolean {
  if (earlier.state !== later.state) return false
  return later.object === undefined || earlier.object === later.object
}

/** A client's transaction, followed through the statements that are sent. */
export class Transaction {
  state: TransactionState = autocommit

  get isOpen(): boolean {
    return this.state.isOpen
  }

  /** The server, or the driver, knows whether a transaction is open. What was left by one that has ended unseen is forgotten. */
  set isOpen(isOpen: boolean) {
    if (isOpen !== this.state.isOpen) this.state = isOpen ? inTransaction : autocommit
  }

  /** The server has aborted it: whatever ends it rolls it back. */
  abort(): void {
    if (this.state.left.length > 0) this.state = { ...this.state, left: [], savepoints: [] }
  }
}
