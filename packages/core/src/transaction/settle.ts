import { isLeftBy, type Analysis, type Control, type DetectedEffect, type Step } from '../analyze/analysis.ts'
import { perhapsTemporary } from '../analyze/created-objects.ts'
import { mostOthers, withOthers, withStates } from './cases.ts'
import { isCovered, outlasts, survives } from './left.ts'
import { Savepoints } from './savepoints.ts'
import { Survivors } from './survivors.ts'
import type { Source } from './source.ts'
import { autocommit, type Left, type Savepoint, type Settled, type TransactionState } from './state.ts'

/**
 * Follows the effects of a text from the state before it. State that is rolled back, dropped, reset, closed or unlocked
 * before the COMMIT is not left. State that survives a rollback (locks, prepared statements …) is due at the end of its
 * text: a later text might take it back, but an error between the two would not.
 */
export function settle(analysis: Analysis, source: Source, before: TransactionState): Settled {
  const walk = new Walk(before, analysis.isBatch, source)
  for (const step of analysis.steps) walk.step(step)
  const settled = walk.end()
  return before.others === undefined
    ? settled
    : withOthers(
        settled,
        before.others.map((other) => settle(analysis, source, other)),
      )
}

/**
 * The most effects of one transaction that can be taken back. Each step looks at all of them, so more would take
 * quadratic time. Further effects are due at once.
 */
const mostLeft = 256

const nothing: ReadonlySet<Left> = new Set()

/** Returns true for state whose removal a rollback does not undo: CLOSE, and the unlock of a repaired lock. */
function isGoneForGood({ effect: { state } }: Left): boolean {
  return state === 'held-cursor' || state === 'advisory-lock'
}

/** A COMMIT that fails ends its transaction. `AND CHAIN` begins none. */
const failedCommit: TransactionState = { ...autocommit, isAborted: true }

class Walk {
  readonly #source: Source
  readonly #isBatch: boolean
  readonly #due: Left[] = []
  #isOpen: boolean
  #isAborted: boolean
  /** `DROP TABLE t` may find a permanent table `t`. */
  #hidesTemporary: boolean
  /** CREATE without a schema may make a temporary object. */
  #mayMakeTemporary: boolean
  #left: readonly Left[]
  #reported: readonly Left[]
  readonly #savepoints: Savepoints
  /** A BEGIN of this text. It needs a held connection, unless the text ends its transaction. */
  #opening: Left | undefined
  /** How many statements may have failed so far, in this text and in texts without an answer. */
  #doubts = 0
  /** The value of `#doubts` when this text left something. */
  readonly #doubtsAt = new Map<Left, number>()
  /** The states that are possible if one of these statements has failed. */
  readonly #failed: TransactionState[] = []
  #commits = false
  /** The doubts that `#failed` covers. */
  #noted = 0

  constructor(
    { isOpen, isAborted, left, reported = [], savepoint, isUnanswered, ...paths }: TransactionState,
    isBatch: boolean,
    source: Source,
  ) {
    this.#isOpen = isOpen
    this.#isAborted = isOpen && isAborted
    this.#hidesTemporary = paths.hidesTemporary === true
    this.#mayMakeTemporary = paths.mayMakeTemporary === true
    this.#left = left
    this.#reported = reported
    this.#savepoints = new Savepoints(savepoint)
    if (isUnanswered) this.#doubts++
    this.#isBatch = isBatch
    this.#source = source
  }

  step({ effects, control, isLast, followsDoubt, mayFail, creates }: Step): void {
    if (followsDoubt) this.#doubts++
    if (mayFail === 'within') this.#doubts++
    const known = this.#left.length
    for (const effect of effects) this.#effect(effect, isLast === true)
    if (creates && this.#mayMakeTemporary) this.#effect(perhapsTemporary, false)
    if (mayFail !== undefined) this.#doubts++
    // The step has left something only if it has not failed.
    if (mayFail === 'before') for (const entry of this.#left.slice(known)) this.#doubtsAt.set(entry, this.#doubts)
    if (control !== undefined) this.#controlled(control)
  }

  #effect(effect: DetectedEffect, isLast: boolean): void {
    // The server refuses every statement in an aborted transaction.
    if (this.#isOpen && this.#isAborted) return
    if (effect.followsFallible) this.#doubts++
    const entry = { effect, source: this.#source }
    if (effect.when === 'unpinned') {
      if (!this.#isOpen) this.#opening = entry
    } else if (effect.when === 'always' || this.#isInTransaction(effect, isLast) === (effect.when === 'transaction'))
      this.#take(entry)
  }

  /**
   * Several statements are one transaction without a BEGIN. What lasts until the end of the transaction still does
   * nothing as its last statement.
   */
  #isInTransaction({ does }: DetectedEffect, isLast: boolean): boolean {
    return this.#isOpen || (this.#isBatch && !(isLast && does === 'ineffective'))
  }

  #take(entry: Left): void {
    const { effect } = entry
    switch (effect.does) {
      case 'undoes':
        if (effect.mayMakeTemporary) this.#mayMakeTemporary = true
        if (effect.hides) this.#hidesTemporary = true
        else this.#takeBack(effect)
        break
      case 'clears':
        if (!this.#takeBack(effect)) this.#clear(entry)
        break
      case 'leaves':
        this.#leave(entry)
        break
      case 'needs':
        if (![...this.#left, ...this.#reported].some((earlier) => isLeftBy(earlier.effect, effect)))
          this.#due.push(entry)
        break
      default:
        this.#due.push(entry)
    }
  }

  /** The transaction has left nothing to clear. PostgreSQL may refuse the name, and with it the rest of the text. */
  #clear(entry: Left): void {
    if (!this.#clearReported(entry)) this.#leave(entry)
    if (entry.effect.state === 'sql-prepared-statement' && entry.effect.object !== undefined) this.#doubts++
  }

  /** The connection of the transaction still has the state that was reported. Each unlock frees one lock. */
  #clearReported({ effect }: Left): boolean {
    const found = this.#reported.filter((earlier) => isLeftBy(earlier.effect, effect))
    const isOne = effect.state === 'advisory-lock' && effect.object !== undefined
    const gone = new Set(isOne ? found.slice(-1) : found)
    this.#reported = this.#reported.filter((earlier) => !gone.has(earlier))
    return found.length > 0
  }

  /** State that is left twice counts once. Locks are counted, as PostgreSQL counts them. */
  #leave(entry: Left): void {
    const isKnown = entry.effect.state !== 'advisory-lock' && this.#left.some((earlier) => isCovered(earlier, entry))
    if (isKnown) return
    if (this.#left.length >= mostLeft) {
      this.#due.push(entry)
      return
    }
    this.#left = [...this.#left, entry]
    this.#doubtsAt.set(entry, this.#doubts)
  }

  /** @returns whether there was anything to take back */
  #takeBack(effect: DetectedEffect): boolean {
    const last = this.#left.findLast((earlier) => isLeftBy(earlier.effect, effect))
    if (last === undefined) return false
    const { becomes, masks = false } = effect
    if (masks) this.#change((earlier) => isLeftBy(earlier.effect, effect), { isMasked: true })
    if (masks || effect.isUncertain || (effect.isUnqualified && this.#hidesTemporary)) return true
    // Each unlock takes back one lock. Other state is removed at once.
    const isOne = effect.state === 'advisory-lock' && effect.object !== undefined
    const before = effect.state === 'held-cursor' ? new Set(this.#savepoints.newest?.left) : nothing
    const isTaken = (earlier: Left): boolean =>
      (isOne ? earlier === last : isLeftBy(earlier.effect, effect)) && this.#isSure(earlier, before)
    if (becomes !== undefined) this.#change(isTaken, { object: becomes })
    else this.#left = this.#left.filter((earlier) => !isTaken(earlier))
    return true
  }

  #change(isMeant: (entry: Left) => boolean, as: Partial<DetectedEffect>): void {
    this.#left = this.#left.map((entry) =>
      isMeant(entry) ? { source: entry.source, effect: Object.assign({}, entry.effect, as) } : entry,
    )
  }

  /**
   * State that survives a rollback stays if anything fails before the statement that would take it back. A held cursor
   * stays if the transaction then rolls back to a savepoint that came after the cursor.
   *
   * @param beforeSavepoint the cursors that the newest savepoint keeps
   */
  #isSure(entry: Left, beforeSavepoint: ReadonlySet<Left>): boolean {
    const mayStay = outlasts(entry) || beforeSavepoint.has(entry)
    return !mayStay || (this.#doubtsAt.get(entry) ?? 0) === this.#doubts
  }

  #controlled(control: Control): void {
    if (this.#isOpen && this.#doubts > this.#noted) this.#noteFailure()
    // The server refuses these outside a transaction.
    if (!this.#isOpen && (control.does === 'savepoint' || control.chains)) this.#doubts++
    if (control.does === 'commit' && this.#isOpen) this.#commits = true
    if (control.chains && this.#isOpen) this.#failed.push(failedCommit)
    this.#control(control)
  }

  /** The next transaction command does not run if a statement before it has failed. */
  #noteFailure(): void {
    this.#noted = this.#doubts
    if (this.#failed.length < mostOthers) this.#failed.push({ ...this.#state, isAborted: true })
  }

  #control({ does, name, chains = false }: Control): void {
    switch (does) {
      case 'begin':
        this.#isOpen = true
        break
      case 'commit':
        // PostgreSQL answers the COMMIT of an aborted transaction with ROLLBACK.
        this.#finish(this.#isAborted ? this.#left.filter(outlasts) : this.#left, chains && this.#isOpen)
        break
      case 'rollback':
        this.#finish(this.#left.filter(outlasts), chains && this.#isOpen)
        break
      case 'savepoint':
        if (this.#isOpen && !this.#isAborted) this.#savepoints.set(name, this.#left)
        break
      case 'release':
        if (!this.#isAborted) this.#release(name)
        break
      case 'rollback-to':
        this.#rollBackTo(this.#savepoints.find(name))
        break
    }
  }

  #finish(due: readonly Left[], chains: boolean): void {
    this.#due.push(...due)
    this.#left = []
    this.#reported = []
    this.#savepoints.cutTo(undefined)
    this.#isOpen = chains
    this.#isAborted = false
    this.#hidesTemporary = false
    this.#mayMakeTemporary = false
  }

  #release(name: string | undefined): void {
    const savepoint = this.#savepoints.find(name)
    if (savepoint !== undefined) this.#savepoints.cutTo(savepoint.previous)
  }

  /**
   * State that was taken back after the savepoint returns, unless its removal survives a rollback, as that of CLOSE does.
   * The savepoint stays.
   */
  #rollBackTo(savepoint: Savepoint | undefined): void {
    if (savepoint === undefined) return
    const now = new Set(this.#left)
    const then = new Set(savepoint.left)
    const restored = savepoint.left.filter((entry) => now.has(entry) || !(outlasts(entry) || isGoneForGood(entry)))
    this.#left = [...restored, ...this.#left.filter((entry) => outlasts(entry) && !then.has(entry))]
    this.#isAborted = false
    this.#savepoints.cutTo(savepoint)
  }

  get #state(): TransactionState {
    return {
      isOpen: this.#isOpen,
      isAborted: this.#isAborted,
      left: this.#left,
      savepoint: this.#savepoints.newest,
      ...(this.#reported.length > 0 && { reported: this.#reported }),
      ...(this.#hidesTemporary && { hidesTemporary: true }),
      ...(this.#mayMakeTemporary && { mayMakeTemporary: true }),
    }
  }

  end(): Settled {
    const survivors = new Survivors()
    if (!this.#isOpen) {
      this.#due.push(...this.#left)
      return { due: this.#due, after: this.#withFailed(autocommit, survivors) }
    }
    if (this.#opening !== undefined) this.#due.push(this.#opening)
    this.#due.push(...this.#left.filter(survives))
    return { due: this.#due, after: this.#withFailed(survivors.removedFrom(this.#state), survivors) }
  }

  #withFailed(after: TransactionState, survivors: Survivors): TransactionState {
    if (this.#failed.length === 0) return after
    // The last statements may have failed as well.
    const last = after.isOpen ? { ...after, isAborted: true } : failedCommit
    const others = [...this.#failed, ...(this.#commits ? [failedCommit] : []), last]
    return withStates(
      after,
      others.map((state) => survivors.removedFrom(state)),
    )
  }
}
