import type { Analysis, Control, DetectedEffect, Step } from '../analyze/analysis.ts'
import { survivesRollback } from '../rules/effect.ts'
import type { CallSign } from '../rules/rule.ts'
import type { Scope } from '../exceptions/scope.ts'

/** Where a statement came from. */
export interface Source {
  readonly sql: string
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation?: string | undefined
  readonly stack?: string | undefined
  /** Of what is no statement: what it is instead. Or that the server's answer told. */
  readonly sign?: CallSign | 'answer'
  /** The scopes of `allow(…)` that it was sent in, where that was looked up: the commit may be decided outside of them. */
  readonly scopes?: readonly Scope[] | undefined
  /** An exception allows something that it leaves, which must not hide the same from another statement. */
  readonly isExcepted?: boolean
}

/** An effect whose harm depends on how the transaction ends, with the statement that had it. */
export interface Left {
  readonly effect: DetectedEffect
  readonly source: Source
}

/** The newest first: a list that grows without being copied. */
interface Savepoint {
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
  /**
   * Where else the client may stand, as far as the server's answers are not known: a statement that fails leaves out all that follows it
   * in its text. Absent nearly always.
   */
  readonly others?: readonly TransactionState[]
  /** Another object since a transaction began, ended or was rolled back in part: an error from before says nothing of what came after. */
  readonly part: object
}

/** Outside any transaction. */
export const autocommit: TransactionState = { isOpen: false, isAborted: false, left: [], savepoint: undefined, part: {} }

/** Inside a transaction that has left nothing so far. */
export const inTransaction: TransactionState = { ...autocommit, isOpen: true, part: {} }

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
  for (const step of analysis.steps) walk.step(step)
  const settled = walk.end()
  return before.others === undefined
    ? settled
    : withOthers(
        settled,
        before.others.map((other) => settle(analysis, source, other)),
      )
}

/** What is due in any of the cases is due. */
function withOthers({ due, after }: Settled, cases: readonly Settled[]): Settled {
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

/** Each case costs a walk through the next text: more than this differ in nothing but savepoints that hardly anybody returns to. */
const mostOthers = 8

function withStates(after: TransactionState, others: readonly TransactionState[]): TransactionState {
  const { others: own = [], ...first } = after
  const known: TransactionState[] = [first]
  for (const { others: _, ...state } of [...own, ...others]) if (!known.some((each) => isAlike(each, state))) known.push(state)
  return known.length === 1 ? first : { ...first, others: known.slice(1, mostOthers + 1) }
}

function isAlike(one: TransactionState, other: TransactionState): boolean {
  return (
    one.isOpen === other.isOpen && one.isAborted === other.isAborted && one.savepoint === other.savepoint && haveSame(one.left, other.left)
  )
}

function haveSame(one: readonly Left[], other: readonly Left[]): boolean {
  return one === other || (one.length === other.length && one.every((entry, at) => entry === other[at]))
}

/**
 * The most things of one transaction whose taking back is followed: each step looks at all of them, and more would take quadratic
 * time. What is left beyond them counts as left for good.
 */
const mostLeft = 256

class Walk {
  readonly #source: Source
  readonly #isBatch: boolean
  readonly #due: Left[] = []
  #isOpen: boolean
  #isAborted: boolean
  #left: readonly Left[]
  #savepoint: Savepoint | undefined
  #part: object
  /** A BEGIN of this text, which needs a connection of one's own if the text does not end what it begins. */
  #opening: Left | undefined
  /** How many statements of this text so far may have failed. */
  #doubts = 0
  /** Of what this text has left: how many there were then. */
  readonly #doubtsAt = new Map<Left, number>()
  /** Where the client stands if one of them has failed. */
  readonly #failed: TransactionState[] = []
  /** The doubts that `#failed` covers. */
  #noted = 0

  constructor({ isOpen, isAborted, left, savepoint, part }: TransactionState, isBatch: boolean, source: Source) {
    this.#isOpen = isOpen
    this.#isAborted = isAborted
    this.#left = left
    this.#savepoint = savepoint
    this.#part = part
    this.#isBatch = isBatch
    this.#source = source
  }

  step({ effects, control, isLast, followsDoubt, mayFail }: Step): void {
    if (followsDoubt) this.#doubts++
    if (mayFail === 'within') this.#doubts++
    const known = this.#left.length
    for (const effect of effects) this.#effect(effect, isLast === true)
    if (mayFail !== undefined) this.#doubts++
    // What the step itself has left is there only if it has not failed.
    if (mayFail === 'before') for (const entry of this.#left.slice(known)) this.#doubtsAt.set(entry, this.#doubts)
    if (control !== undefined) this.#controlled(control)
  }

  #effect(effect: DetectedEffect, isLast: boolean): void {
    // The server refuses everything but the end of the transaction.
    if (this.#isOpen && this.#isAborted) return
    const entry = { effect, source: this.#source }
    if (effect.when === 'unpinned') {
      if (!this.#isOpen) this.#opening = entry
    } else if (effect.when === 'always' || this.#isInTransaction(effect, isLast) === (effect.when === 'transaction')) this.#take(entry)
  }

  /** Several statements are one transaction, without any BEGIN; yet what lasts until its end does nothing as its last statement. */
  #isInTransaction({ does }: DetectedEffect, isLast: boolean): boolean {
    return this.#isOpen || (this.#isBatch && !(isLast && does === 'ineffective'))
  }

  #take(entry: Left): void {
    const { effect } = entry
    switch (effect.does) {
      case 'undoes':
        this.#takeBack(effect)
        break
      case 'clears':
        if (!this.#takeBack(effect)) this.#leave(entry)
        break
      case 'leaves':
        this.#leave(entry)
        break
      case 'needs':
        if (!this.#left.some((earlier) => isLeftBy(earlier.effect, effect))) this.#due.push(entry)
        break
      default:
        this.#due.push(entry)
    }
  }

  /** The same thing left twice is left once, but for locks, which are counted. */
  #leave(entry: Left): void {
    const isKnown = entry.effect.state !== 'advisory-lock' && this.#left.some((earlier) => isTold(earlier, entry))
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
    if (effect.isUncertain) return true
    // Each unlock takes one lock back. Everything else is gone at once.
    const isOne = effect.state === 'advisory-lock' && effect.object !== undefined
    const isTaken = (earlier: Left): boolean => (isOne ? earlier === last : isLeftBy(earlier.effect, effect)) && this.#isSure(earlier)
    const { becomes } = effect
    if (becomes === undefined) this.#left = this.#left.filter((earlier) => !isTaken(earlier))
    else
      this.#left = this.#left.map((earlier) =>
        isTaken(earlier) ? { ...earlier, effect: { ...earlier.effect, object: becomes } } : earlier,
      )
    return true
  }

  /** What no rollback takes back stays if anything fails before the statement that would take it back. */
  #isSure(entry: Left): boolean {
    return !(survives(entry) || entry.effect.state === 'held-cursor') || (this.#doubtsAt.get(entry) ?? 0) === this.#doubts
  }

  #controlled(control: Control): void {
    if (this.#isOpen && this.#doubts > this.#noted) this.#noteFailure()
    // A transaction whose COMMIT fails is over, and no other one begins.
    if (control.chains && this.#isOpen) this.#failed.push(autocommit)
    this.#control(control)
  }

  /** The control that follows is left out if one of the statements before it has failed. */
  #noteFailure(): void {
    this.#noted = this.#doubts
    if (this.#failed.length < mostOthers) this.#failed.push({ ...this.#state, isAborted: true })
  }

  #control({ does, name, chains = false }: Control): void {
    switch (does) {
      case 'begin':
        if (!this.#isOpen) this.#part = {}
        this.#isOpen = true
        break
      case 'commit':
        // PostgreSQL answers the COMMIT of an aborted transaction with ROLLBACK.
        this.#finish(this.#isAborted ? this.#left.filter(survives) : this.#left, chains && this.#isOpen)
        break
      case 'rollback':
        this.#finish(this.#left.filter(survives), chains && this.#isOpen)
        break
      case 'savepoint':
        if (this.#isOpen && !this.#isAborted) this.#savepoint = { name, left: this.#left, previous: this.#savepoint }
        break
      case 'release':
        if (!this.#isAborted) this.#release(this.#find(name))
        break
      case 'rollback-to':
        this.#rollBackTo(this.#find(name))
        break
    }
  }

  #finish(due: readonly Left[], chains: boolean): void {
    this.#due.push(...due)
    this.#left = []
    this.#savepoint = undefined
    this.#part = {}
    this.#isOpen = chains
    this.#isAborted = false
  }

  /** The newest savepoint of that name; none where PostgreSQL will not find it either. */
  #find(name: string | undefined): Savepoint | undefined {
    let found = this.#savepoint
    while (found !== undefined && found.name !== name) found = found.previous
    return found
  }

  #release(savepoint: Savepoint | undefined): void {
    if (savepoint !== undefined) this.#savepoint = savepoint.previous
  }

  /** What was taken back since is there again, unless taking it back survives, as CLOSE does. The savepoint itself stays. */
  #rollBackTo(savepoint: Savepoint | undefined): void {
    if (savepoint === undefined) return
    const now = new Set(this.#left)
    const then = new Set(savepoint.left)
    const restored = savepoint.left.filter((entry) => now.has(entry) || !(survives(entry) || entry.effect.state === 'held-cursor'))
    this.#left = [...restored, ...this.#left.filter((entry) => survives(entry) && !then.has(entry))]
    this.#isAborted = false
    this.#savepoint = savepoint
    this.#part = {}
  }

  get #state(): TransactionState {
    return { isOpen: this.#isOpen, isAborted: this.#isAborted, left: this.#left, savepoint: this.#savepoint, part: this.#part }
  }

  end(): Settled {
    if (!this.#isOpen) {
      this.#due.push(...this.#left)
      return { due: this.#due, after: this.#withFailed(autocommit) }
    }
    if (this.#opening !== undefined) this.#due.push(this.#opening)
    this.#due.push(...this.#left.filter(survives))
    return { due: this.#due, after: this.#withFailed(withoutSurvivors(this.#state)) }
  }

  #withFailed(after: TransactionState): TransactionState {
    if (this.#failed.length === 0) return after
    // Or the last statements have failed.
    const failed = after.isOpen ? [...this.#failed, { ...after, isAborted: true }] : this.#failed
    return withStates(after, failed.map(withoutSurvivors))
  }
}

/** What survives a rollback is due at the end of its text, and told once. */
function withoutSurvivors(state: TransactionState): TransactionState {
  if (!state.left.some(survives)) return state
  const pending = (left: readonly Left[]): Left[] => left.filter((entry) => !survives(entry))
  const cleaned = (savepoint: Savepoint | undefined): Savepoint | undefined =>
    savepoint && { ...savepoint, left: pending(savepoint.left), previous: cleaned(savepoint.previous) }
  return { ...state, left: pending(state.left), savepoint: cleaned(state.savepoint) }
}

function survives({ effect }: Left): boolean {
  return survivesRollback.has(effect.state)
}

/** Whether `later` takes back, or finds, what `earlier` left: the same thing, or all of its kind. */
function isLeftBy(earlier: DetectedEffect, later: DetectedEffect): boolean {
  if (earlier.does !== 'leaves' || earlier.state !== later.state) return false
  if (later.object === undefined || earlier.object === later.object) return true
  // A name with any arguments.
  return later.object.endsWith('\0') && (earlier.object?.startsWith(later.object) ?? false)
}

function isSame(one: DetectedEffect, other: DetectedEffect): boolean {
  return one.rule === other.rule && one.does === other.does && one.object === other.object
}

/** Whether what is told of the earlier one holds for the later one too. */
function isTold(earlier: Left, later: Left): boolean {
  return isSame(earlier.effect, later.effect) && (earlier.source.isExcepted !== true || isAllowedAlike(earlier.source, later.source))
}

function isAllowedAlike(one: Source, other: Source): boolean {
  const { scopes = [] } = one
  return one.sql === other.sql && scopes.length === (other.scopes ?? []).length && scopes.every((scope, at) => scope === other.scopes?.[at])
}

/** What adapters name, or send, in the place of what their drivers send unseen. */
export const transactionTexts = { begin: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK' } as const

/** A client's transaction, followed through the statements that are sent. */
export class Transaction {
  state: TransactionState = autocommit

  get isOpen(): boolean {
    return this.state.isOpen
  }

  /** The server, or the driver, knows whether a transaction is open. What was left by one that has ended unseen is forgotten. */
  set isOpen(isOpen: boolean) {
    const { others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isOpen === isOpen)
    if (isOpen !== this.state.isOpen) this.state = isOpen ? { ...inTransaction, part: {} } : autocommit
  }

  /** Leaves out the cases that are none. Where none is left, what was expected stands. */
  #choose(others: readonly TransactionState[], isCase: (state: TransactionState) => boolean): void {
    const { others: _, ...expected } = this.state
    const [first, ...more] = [expected, ...others].filter(isCase)
    this.state = first === undefined ? expected : more.length === 0 ? first : { ...first, others: more }
  }

  /**
   * Passes on what a driver answers to a statement, and learns from it how the transaction stands: not where the transaction has changed
   * since, nor from what failed in the client. Costs nothing while the transaction has left nothing.
   *
   * @param isOfServer whether the server itself has answered with this error
   */
  watch<Result>(answer: Promise<Result>, isOfServer: (error: unknown) => boolean): Promise<Result> {
    const { left, part, others } = this.state
    if (left.length === 0 && others === undefined) return answer
    const failed = (error: unknown): never => {
      if (this.state.part === part && isOfServer(error)) this.fail()
      throw error
    }
    if (others === undefined) return answer.catch(failed)
    return answer.then((result) => {
      if (this.state.part === part) this.succeed()
      return result
    }, failed)
  }

  /** All of the last text has succeeded. */
  succeed(): void {
    const { others, ...expected } = this.state
    if (others !== undefined) this.state = expected
  }

  /** A statement of the last text has failed. */
  fail(): void {
    const { others } = this.state
    const [first, ...more] = others ?? []
    if (first === undefined) this.abort()
    else this.state = more.length === 0 ? first : { ...first, others: more }
  }

  /** The server says that it is not aborted, whatever it was taken for. */
  resume(): void {
    const { isAborted, others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isOpen && !state.isAborted)
    else if (isAborted) this.state = { ...this.state, isAborted: false }
  }

  /** The server has aborted it: whatever ends it rolls it back, unless a part of it is rolled back first. */
  abort(): void {
    const { isAborted, others } = this.state
    if (others !== undefined) this.#choose(others, (state) => state.isAborted)
    if (!isAborted && !this.state.isAborted) this.state = { ...this.state, isAborted: true }
  }
}
