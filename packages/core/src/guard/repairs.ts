import { effectsIn, type Analysis } from '../analyze/analysis.ts'
import type { RuleId } from '../rules/index.ts'
import { TextCache } from '../sql/text-cache.ts'
import { autocommit, inTransaction, type TransactionState } from '../transaction/state.ts'
import type { Call } from './call.ts'
import type { Exceptions } from './exceptions.ts'
import type { Finding } from './finding.ts'
import type { ResolvedOptions } from './options.ts'
import { mayRepair, repairsOn } from './policy.ts'
import type { Wanted } from '../rewrite/rewrite.ts'
import { planRepair, wantedIn, type RepairPlan, type Replacement, type WantedRepairs } from './repair-plan.ts'
import { withLocks } from './repaired-locks.ts'
import { strictness } from './strict.ts'

type Options = Pick<ResolvedOptions, 'pooler' | 'rules' | 'mode' | 'cacheBytes'>

/** The text to send instead of a statement, and the effects that could not be repaired. */
export interface Repairing {
  readonly send?: Replacement | undefined
  /** Why the findings of a rule are not repaired. */
  readonly unrepaired: ReadonlyMap<RuleId, string>
}

/** The plans of one text, by the kind of place or by what is wanted. Most texts have one. */
type Plans = Map<string, RepairPlan>

/** More kinds of places than this come from texts with many effects in many states. */
const mostPlans = 8

/** The bytes of a plan in addition to its new text. Measured with texts of one SET each. */
const planBytes = 1_500

/**
 * Repairs statements in open transactions. Plans are remembered by the exact text, because a repair keeps every byte of
 * it that it does not change: a text seen before costs a look-up.
 */
export class Repairs {
  /** False if no policy repairs anything. */
  readonly isActive: boolean
  readonly #options: Options
  readonly #exceptions: Exceptions
  readonly #plans: TextCache<Plans>

  constructor(options: Options, exceptions: Exceptions) {
    this.#options = options
    this.#exceptions = exceptions
    this.isActive = mayRepair(options.rules, options.mode)
    this.#plans = new TextCache<Plans>(options.cacheBytes / 2, bytesOf)
  }

  /** @returns `undefined` for a statement in which nothing is to be repaired */
  repair(sql: string, analysis: Analysis, call: Call): Repairing | undefined {
    if (!hasEffect(analysis)) return undefined
    return this.#without(sql, analysis, call, this.#excepted(analysis))
  }

  #without(sql: string, analysis: Analysis, call: Call, excepted: readonly RuleId[]): Repairing | undefined {
    const plan = this.#plan(sql, analysis, call, excepted)
    const { send, locks, unrepaired } = plan
    const allowed = send === undefined ? none : allowedInTest(send)
    if (allowed.length > 0) return this.#without(sql, analysis, call, [...excepted, ...allowed])
    if (send === undefined) return unrepaired.size === 0 ? undefined : plan
    if (locks.length === 0) return plan
    const before = call.transaction?.state ?? autocommit
    const filled = withLocks({ ...plan, send }, { sql, before, parameters: call.parameters ?? [] })
    if (typeof filled !== 'string') return { send: filled, unrepaired }
    const rules = locks.map(({ rule }) => rule)
    const rest = this.#without(sql, analysis, call, [...excepted, ...rules])
    const reasons = new Map([...(rest?.unrepaired ?? []), ...rules.map((rule) => [rule, filled] as const)])
    return { send: rest?.send, unrepaired: reasons }
  }

  /** The rules that the caller of this statement excepts by `allow(…)`. */
  #excepted(analysis: Analysis): readonly RuleId[] {
    const scoped = this.#exceptions.rulesOfScopes()
    if (scoped.size === 0) return none
    return effectsIn(analysis).flatMap(({ rule }) => (scoped.has(rule) ? [rule] : []))
  }

  #plan(sql: string, analysis: Analysis, call: Call, excepted: readonly RuleId[]): RepairPlan {
    const state = call.transaction?.state ?? autocommit
    const kind = keyOf(state, call, excepted)
    const isSure = state.others === undefined && !(state.isOpen && state.isAborted)
    const plans = this.#plans.get(sql)
    const ofKind = isSure ? plans?.get(kind) : undefined
    if (ofKind !== undefined) return ofKind
    // A statement that only leaves state does not depend on what the transaction left before.
    const isStatic = isSure && effectsIn(analysis).every(({ does }) => does === 'leaves')
    const wanted = this.#wanted(sql, analysis, call, isStatic ? canonical(state) : state, excepted)
    const key = isStatic ? kind : keyOfWanted(wanted)
    const known = plans?.get(key)
    if (known !== undefined) return known
    const plan = planRepair(sql, analysis, wanted)
    this.#remember(sql, plans, key, plan)
    return plan
  }

  #remember(sql: string, plans: Plans | undefined, key: string, plan: RepairPlan): void {
    const all: Plans = plans === undefined || plans.size >= mostPlans ? new Map() : plans
    all.set(key, plan)
    this.#plans.set(sql, all)
  }

  #wanted(
    sql: string,
    analysis: Analysis,
    call: Call,
    before: TransactionState,
    excepted: readonly RuleId[],
  ): WantedRepairs {
    const { rules, mode, pooler } = this.#options
    const isWanted = (finding: Finding): boolean =>
      repairsOn(finding, rules, mode) &&
      !excepted.includes(finding.rule) &&
      this.#exceptions.sort({ sql }, [finding]).remaining.length > 0
    const { pinned, keepsText, canClear = false } = call
    const outside = outsideReason(call)
    return wantedIn(sql, analysis, { pooler, pinned, before, isWanted, keepsText, canClear, outside })
  }
}

const none: readonly RuleId[] = []

function hasEffect({ steps }: Analysis): boolean {
  for (const { effects } of steps) if (effects.length > 0) return true
  return false
}

/** Asked for what would be repaired alone, because an exception of a test counts as used then. */
function allowedInTest({ repairs }: Replacement): readonly RuleId[] {
  const { current } = strictness
  if (current?.allows === undefined) return none
  return repairs.flatMap(({ rule }) => (current.allows?.(rule) === true ? [rule] : []))
}

function keyOf({ isOpen, savepoint }: TransactionState, call: Call, excepted: readonly RuleId[]): string {
  const kind = isOpen ? (savepoint === undefined ? 'open' : 'savepoint') : call.pinned ? 'held' : 'borrowed'
  return excepted.length === 0 && call.keepsText === undefined && call.canMove === undefined && call.canClear === true
    ? kind
    : `${kind} ${excepted.join()} ${call.keepsText ?? ''} ${String(call.canClear)} ${outsideReason(call)}`
}

/** Why a statement outside a transaction is not repaired, if it does not move its checkout either. */
function outsideReason({ canMove, staysFor }: Call): string {
  const reason = 'no transaction is open, so nothing would take it back; begin a transaction'
  if (canMove === undefined) return `${reason}, or give the pool a direct pool`
  return staysFor === undefined ? reason : `${reason}, because ${staysFor}`
}

/** A plan depends on its place only by what is wanted there. */
function keyOfWanted({ wanted, clearable, uncleared, reasons }: WantedRepairs): string {
  return JSON.stringify([listed(wanted), listed(clearable), [...uncleared], [...reasons]])
}

function listed(wanted: Wanted): unknown[] {
  return Array.from(wanted, ([at, rules]) => [at, ...rules])
}

function canonical({ isOpen, savepoint }: TransactionState): TransactionState {
  if (!isOpen) return autocommit
  return savepoint === undefined ? inTransaction : behindSavepoint
}

const behindSavepoint: TransactionState = {
  ...inTransaction,
  savepoint: { name: undefined, left: [], previous: undefined },
}

function bytesOf(plans: Plans): number {
  let bytes = 0
  for (const { send } of plans.values()) bytes += planBytes + 2 * (send?.sql.length ?? 0)
  return bytes
}
