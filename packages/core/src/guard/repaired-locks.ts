import { applyEdits } from '../rewrite/edits.ts'
import type { Edit, LockChange } from '../rules/repair.ts'
import type { Analysis, Answer, DetectedEffect, Step } from '../analyze/analysis.ts'
import type { RuleId } from '../rules/index.ts'
import { refused, type Transaction } from '../transaction/transaction.ts'
import type { TransactionState } from '../transaction/state.ts'
import type { RepairPlan, Replacement, TriedLock } from './repair-plan.ts'

const noKey = 'the key of the lock is no plain number, or poolsafe does not see the parameters'
const notHeld = 'the transaction holds no such lock that poolsafe repaired'

/** The statement as it came, and the state of its transaction. */
export interface LockCall {
  readonly sql: string
  readonly before: TransactionState
  readonly parameters: readonly unknown[]
}

/**
 * Fills in the locks of this call. An unlock is repaired if the transaction holds the lock by a repaired statement:
 * PostgreSQL keeps the lock until the transaction ends, and the answer is `true`.
 *
 * @returns what to send, or why the locks are not repaired
 */
export function withLocks(
  { send, locks }: RepairPlan & { readonly send: Replacement },
  { sql, before, parameters }: LockCall,
): Replacement | string {
  const held = new Held(before)
  const effects = new Map<number, DetectedEffect[]>()
  let tried: TriedLock | undefined
  for (const { at, rule, locks: changes } of locks) {
    const own: DetectedEffect[] = []
    for (const change of changes) {
      const lock = change.lock(parameters)
      if (lock === undefined) return noKey
      const object = change.does === 'takes' ? held.take(lock) : held.free(lock, change)
      own.push(object === undefined ? unheld(rule) : effectOf(rule, change.does, object))
      if (change.tried !== undefined && object !== undefined) tried = { lock: object, ...change.tried }
    }
    effects.set(at, own)
  }
  const analysis = withLockEffects(send.analysis, effects)
  const { kept } = held
  if (kept.length === 0) return { ...send, analysis, tried }
  // The server answers the unlock of a lock that is not held with `false` and a warning, as on any connection.
  const isKept = (edit: Edit): boolean => kept.includes(edit)
  const isPart = locks.every(({ locks: changes }) => !changes.flatMap(({ edits }) => edits).every(isKept))
  if (!isPart) return held.isKnown && send.repairs.length === 1 ? { sql, edits: [], repairs: [], analysis } : notHeld
  const edits = send.edits.filter((edit) => !isKept(edit))
  return { ...send, sql: applyEdits(sql, edits), edits, analysis, tried }
}

/** Reads the answer to a repaired statement that tries a lock. A lock that the server has refused needs no unlock. */
export function noteAnswer({ tried }: Replacement, transaction: Transaction, [answer]: readonly Answer[]): void {
  const [row] = answer?.rows ?? []
  if (tried === undefined || row === undefined) return
  const value = Array.isArray(row) ? (row as unknown[])[tried.position] : (row as Record<string, unknown>)[tried.name]
  if (value === false || value === 0 || value === 'f' || value === 'false') transaction.refuseLock(tried.lock)
}

/** The locks that repaired statements of the transaction hold, from statement to statement. */
class Held {
  /** The changes of unlocks that are sent as they are. */
  readonly kept: Edit[] = []
  /** No unlock names a lock that no repaired statement has tried. */
  isKnown = true
  readonly #names: string[]

  constructor({ left }: TransactionState) {
    this.#names = left.flatMap(({ effect }) =>
      effect.isRepaired && effect.object !== undefined ? [effect.object] : [],
    )
  }

  /** @returns the object of the effect, which is like no name that the analysis gives */
  take(lock: string): string {
    const object = `held ${lock}`
    this.#names.push(object)
    return object
  }

  /** @returns `undefined` for a lock that is not known */
  free(lock: string, { edits }: LockChange): string | undefined {
    const object = `held ${lock}`
    if (this.#remove(object)) return object
    this.kept.push(...edits)
    if (this.#remove(refused(object))) return refused(object)
    this.isKnown = false
    return undefined
  }

  #remove(object: string): boolean {
    const at = this.#names.lastIndexOf(object)
    if (at >= 0) this.#names.splice(at, 1)
    return at >= 0
  }
}

function effectOf(rule: RuleId, does: 'takes' | 'frees', object: string): DetectedEffect {
  const common = { rule, state: 'advisory-lock', what: 'advisory lock', when: 'always', object } as const
  return { ...common, does: does === 'takes' ? 'leaves' : 'clears', isRepaired: true }
}

/** The unlock of a lock that no repaired statement holds stays what it is: a finding. */
function unheld(rule: RuleId): DetectedEffect {
  return { rule, state: 'advisory-lock', what: 'pg_advisory_unlock', when: 'always', object: '', does: 'clears' }
}

function withLockEffects(analysis: Analysis, effects: ReadonlyMap<number, readonly DetectedEffect[]>): Analysis {
  const steps = analysis.steps.map((step): Step => {
    const own = effects.get(step.at)
    if (own === undefined) return step
    return { ...step, effects: [...step.effects.filter(({ rule }) => rule !== own[0]?.rule), ...own] }
  })
  return { ...analysis, steps }
}
