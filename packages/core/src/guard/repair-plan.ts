import { isLeftBy, type Analysis, type DetectedEffect, type Step } from '../analyze/analysis.ts'
import { rewrite, without, type Rewriting, type StatementRepair, type Wanted } from '../rewrite/rewrite.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { RuleId } from '../rules/index.ts'
import type { Edit } from '../rules/repair.ts'
import { settle } from '../transaction/settle.ts'
import type { Source } from '../transaction/source.ts'
import type { TransactionState } from '../transaction/state.ts'
import type { Repair } from './events.ts'
import { clearableIn, clearedBeside, withClearings, type Clearable, type ClearedRule } from './clearing.ts'
import type { Finding } from './finding.ts'
import { carriedBy, judgeEffects } from './judge.ts'

/** The circumstances of a statement that its repair depends on. */
export interface RepairPlace {
  readonly pooler: PoolerProfile
  readonly pinned: boolean
  /** The state of the transaction before the statement. */
  readonly before: TransactionState
  /** Returns true for a finding that is to be repaired here. */
  readonly isWanted: (finding: Finding) => boolean
  /** Why no text can be changed here. */
  readonly keepsText: string | undefined
  /** The end of the transaction can clear what it leaves. */
  readonly canClear: boolean
  /** Why a statement outside a transaction is not repaired. */
  readonly outside: string
}

/** The text to send instead of a statement. */
export interface Replacement {
  readonly sql: string
  /**
   * The effects that the transaction must know: those of the application's statement, with the repaired ones marked.
   */
  readonly analysis: Analysis
  readonly repairs: readonly Repair[]
  /** The changes of the application's text, in its order. */
  readonly edits: readonly Edit[]
  /** A lock whose answer decides whether the transaction holds it. */
  readonly tried?: TriedLock | undefined
}

/** A lock that the server may refuse, and the column of its answer. */
export interface TriedLock {
  readonly lock: string
  readonly name: string
  readonly position: number
}

/** The known repairs of a text in one kind of circumstances. */
export interface RepairPlan {
  readonly send: Replacement | undefined
  /** The repairs of locks, whose names may depend on parameters. */
  readonly locks: readonly StatementRepair[]
  readonly unrepaired: ReadonlyMap<RuleId, string>
}

const inDatabase = 'the code is in the database, where it has to be changed'
const borrowed = 'the connection is borrowed for this statement alone'
const uncertain = 'the answer that tells whether a transaction is open is not there yet'
const behindSavepoint = 'a lock behind a savepoint would be released by ROLLBACK TO'
const takesBack = 'it takes back what a statement has left that was not repaired'
const partlyKept = 'the pooler keeps a part of what the statement sets'

const noLocks: readonly StatementRepair[] = []

/** The repairs that a text needs in its circumstances. */
export interface WantedRepairs extends Clearable {
  /** The effects that a new text may repair. */
  readonly wanted: Wanted
  /** Why the rest of what would be reported is not repaired. */
  readonly reasons: ReadonlyMap<RuleId, string>
}

/** Plans the repair of a text. Parses it several times; the result depends on nothing but the arguments. */
export function planRepair(sql: string, analysis: Analysis, place: WantedRepairs): RepairPlan {
  const { wanted, clearable, uncleared, reasons } = place
  const rewriting = wanted.size === 0 ? unchanged(sql) : rewrite(sql, wanted)
  const cleared = clearedBeside(clearable, rewriting.repairs)
  const done = [...rewriting.repairs, ...cleared]
  const takers = takersOf(analysis, rewriting.repairs, done)
  if (takers.length > 0) {
    const refused = takers.map(({ rule }) => [rule, takesBack] as const)
    return planRepair(sql, analysis, {
      ...place,
      wanted: without(wanted, takers),
      reasons: new Map([...reasons, ...refused]),
    })
  }
  const isOpen = (rule: RuleId): boolean =>
    [...wanted].some(([at, rules]) => rules.has(rule) && !done.some((each) => each.at === at && each.rule === rule))
  const open = [...rewriting.reasons, ...uncleared].filter(([rule]) => isOpen(rule))
  const unrepaired = new Map([...open, ...reasons])
  if (rewriting.repairs.length === 0 && cleared.length === 0) return { send: undefined, locks: noLocks, unrepaired }
  const locks = rewriting.repairs.filter((each) => each.locks.length > 0)
  return { send: replacementOf(analysis, rewriting, cleared), locks, unrepaired }
}

/** Returns the repairs of statements that take back what an earlier statement of the text leaves without a repair. */
function takersOf(
  { steps }: Analysis,
  repairs: readonly StatementRepair[],
  done: readonly { readonly at: number; readonly rule: RuleId }[],
): StatementRepair[] {
  const leaving = steps.map(({ at, effects }) => ({
    at,
    effects: effects.filter(({ rule }) => !done.some((each) => each.at === at && each.rule === rule)),
  }))
  const takesBackUnrepaired = (at: number, effect: DetectedEffect): boolean =>
    (effect.does === 'undoes' || effect.does === 'clears') &&
    leaving.some((earlier) => earlier.at < at && earlier.effects.some((each) => isLeftBy(each, effect)))
  return repairs.filter(({ at, rule }) =>
    steps.some(
      (step) => step.at === at && step.effects.some((each) => each.rule === rule && takesBackUnrepaired(at, each)),
    ),
  )
}

function unchanged(sql: string): Rewriting {
  return { sql, edits: [], repairs: [], analysis: undefined, reasons: new Map() }
}

/** Finds what to repair: only what would be reported. What the same text takes back again stays as it is. */
export function wantedIn(sql: string, analysis: Analysis, place: RepairPlace): WantedRepairs {
  const source: Source = { sql }
  const { due, after } = settle(analysis, source, place.before)
  const reported = [...due, ...after.left].filter((entry) => entry.source === source).map(({ effect }) => effect)
  const isReported = (effect: DetectedEffect): boolean =>
    reported.some((each) => each === effect || isLike(each, effect))
  const wanted = new Map<number, Set<RuleId>>()
  const reasons = new Map<RuleId, string>()
  const walk = new Walk(place)
  for (const step of analysis.steps) {
    const rules = new Set<RuleId>()
    const refused = new Set<RuleId>()
    for (const effect of step.effects.filter(isReported)) {
      const verdict = walk.verdictOn(effect, step)
      if (verdict === 'wanted') rules.add(effect.rule)
      else if (verdict !== undefined) {
        reasons.set(effect.rule, verdict)
        refused.add(effect.rule)
      }
    }
    const own = [...rules].filter((rule) => !refused.has(rule))
    if (own.length > 0) wanted.set(step.at, new Set(own))
    walk.pass(step)
  }
  const { clearable, uncleared } = clearableIn(analysis, withoutRefused(wanted, analysis, place), place)
  if (place.keepsText === undefined) return { wanted, clearable, uncleared, reasons }
  for (const [at, rules] of wanted)
    for (const rule of rules) if (clearable.get(at)?.has(rule) !== true) reasons.set(rule, place.keepsText)
  return { wanted: new Map(), clearable, uncleared, reasons }
}

/** A pooler that refuses a statement, or does not run it, leaves nothing to clear. */
function withoutRefused(wanted: Wanted, { steps }: Analysis, { pooler }: RepairPlace): Wanted {
  const runs = (at: number, rule: RuleId): boolean => {
    const effects = steps.find((step) => step.at === at)?.effects.filter((effect) => effect.rule === rule) ?? []
    return !effects.some((effect) => /^(rejected|ignored)$/.test(carriedBy(pooler, effect)))
  }
  return new Map(Array.from(wanted, ([at, rules]) => [at, new Set([...rules].filter((rule) => runs(at, rule)))]))
}

/**
 * State that is left twice is reported once, a rename changes what is reported, and `SET … TO DEFAULT` takes back what
 * is left before or behind it: one form for all of them. Where one became LOCAL alone, it would take back nothing of
 * the others. Locks are counted, so each of them stands for itself.
 */
function isLike(one: DetectedEffect, other: DetectedEffect): boolean {
  const state = stateOf(one)
  // A role may be set by several rules.
  const isOfRules = one.rule === other.rule || state === 'role'
  const isSame = isOfRules && state === stateOf(other) && state !== 'advisory-lock'
  return isSame && (one.does === other.does || (changesState(one) && changesState(other)))
}

/** SET SESSION AUTHORIZATION ends a SET ROLE as well. */
function stateOf({ state }: DetectedEffect): DetectedEffect['state'] {
  return state === 'session-authorization' ? 'role' : state
}

function changesState({ does }: DetectedEffect): boolean {
  return does === 'leaves' || does === 'clears'
}

/** Follows whether a transaction is open, from statement to statement. */
class Walk {
  readonly #place: RepairPlace
  #isOpen: boolean
  #isSure: boolean
  #hasSavepoint: boolean

  constructor(place: RepairPlace) {
    const { before } = place
    const { others = [] } = before
    this.#place = place
    this.#isOpen = before.isOpen
    this.#isSure = others.every(({ isOpen }) => isOpen === before.isOpen)
    this.#hasSavepoint = [before, ...others].some(({ savepoint }) => savepoint !== undefined)
  }

  /** @returns the reason why an effect is not repaired; `undefined` if no repair is wanted */
  verdictOn(effect: DetectedEffect, step: Step): string | undefined {
    const { pooler, pinned, isWanted, outside } = this.#place
    const judged = (each: DetectedEffect): Finding | undefined =>
      judgeEffects([each], pooler, { inTransaction: this.#isOpen, pinned })[0]
    const finding = judged(effect)
    if (finding === undefined || !isWanted(finding)) return undefined
    if (effect.via !== undefined) return inDatabase
    if (!pinned) return borrowed
    if (!this.#isOpen) return outside
    if (!this.#isSure) return uncertain
    if (effect.state === 'advisory-lock' && effect.does === 'leaves' && this.#hasSavepoint) return behindSavepoint
    if (step.effects.some((each) => this.#takesBackUnrepaired(each))) return takesBack
    const isPartlyKept = step.effects.some(
      (each) => each.rule === effect.rule && each.does === 'leaves' && judged(each) === undefined,
    )
    return isPartlyKept ? partlyKept : 'wanted'
  }

  /** SET SESSION AUTHORIZATION DEFAULT ends a SET ROLE of the session. Its LOCAL form would put that back. */
  #takesBackUnrepaired(effect: DetectedEffect): boolean {
    if (effect.does !== 'undoes' && effect.does !== 'clears') return false
    const { before } = this.#place
    return [before, ...(before.others ?? [])].some(({ left }) =>
      left.some((earlier) => earlier.effect.isRepaired !== true && isLeftBy(earlier.effect, effect)),
    )
  }

  pass({ control }: Step): void {
    if (control === undefined) return
    if (control.does === 'savepoint') this.#hasSavepoint = true
    if (control.does === 'begin') this.#isOpen = true
    if (control.does !== 'commit' && control.does !== 'rollback') return
    this.#isOpen = this.#isOpen && control.chains === true
    this.#hasSavepoint = false
  }
}

function replacementOf(analysis: Analysis, rewriting: Rewriting, cleared: readonly ClearedRule[]): Replacement {
  const { sql, edits, repairs, analysis: changed } = rewriting
  const steps = analysis.steps.map((step) =>
    withClearings(
      withMarks(
        step,
        repairs.filter(({ at }) => at === step.at).map(({ rule }) => rule),
      ),
      cleared,
    ),
  )
  const { telltales: _, ...own } = analysis
  const { telltales } = changed ?? analysis
  return {
    sql,
    edits,
    analysis: { ...own, steps, ...(telltales !== undefined && { telltales }) },
    repairs: [...repairs, ...cleared].map(({ rule, how }) => ({ rule, how })),
  }
}

function withMarks(step: Step, rules: readonly RuleId[]): Step {
  if (rules.length === 0) return step
  const effects = step.effects.map((effect) =>
    rules.includes(effect.rule) && effect.via === undefined
      ? Object.assign({}, effect, { isRepaired: true } as const)
      : effect,
  )
  return { ...step, effects }
}
