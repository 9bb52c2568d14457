import { currentOrigin } from '../stack/origin.ts'
import type { Analysis, DetectedEffect } from '../analyze/analysis.ts'
import { settle } from '../transaction/settle.ts'
import type { Source } from '../transaction/source.ts'
import { autocommit, type Left } from '../transaction/state.ts'
import type { PoolsafeError } from '../errors.ts'
import { isToClear, withUncleared, type Ending } from './ending.ts'
import type { Exceptions } from './exceptions.ts'
import { openScopes } from '../exceptions/scope.ts'
import type { Call, CurrentSource } from './call.ts'
import { type Caller, framesOf, takeStack } from '../stack/call-site.ts'
import type { Context, Finding } from './finding.ts'
import { effectsBeside, judgeEffects } from './judge.ts'
import type { Mode, Policy, ResolvedOptions } from './options.ts'
import { policyOn } from './policy.ts'
import type { FindingReporter } from './finding-reporter.ts'
import { RepeatedFindings } from './repeated-findings.ts'

/** The parts of a guard that a decider needs. */
interface Complainant {
  readonly mode: Mode
  complain(error: PoolsafeError): PoolsafeError | undefined
}

/**
 * Decides about the effects of a statement: now or at the end of the transaction, and whether they are allowed,
 * reported or refused.
 */
export class Decider {
  readonly #options: Pick<ResolvedOptions, 'pooler' | 'rules' | 'decideAt'>
  readonly #guard: Complainant
  readonly #exceptions: Exceptions
  readonly #reporter: FindingReporter
  readonly #repeated = new RepeatedFindings()

  constructor(
    options: Pick<ResolvedOptions, 'pooler' | 'rules' | 'decideAt'>,
    guard: Complainant,
    exceptions: Exceptions,
    reporter: FindingReporter,
  ) {
    this.#options = options
    this.#guard = guard
    this.#exceptions = exceptions
    this.#reporter = reporter
  }

  /**
   * Judges a statement in its transaction, and records it in the transaction if it may be sent. @returns the error that
   * refuses it
   */
  decide(
    source: CurrentSource,
    analysis: Analysis,
    call: Call,
    entry: Caller,
    ending?: Ending | string,
  ): PoolsafeError | undefined {
    const mayBeRepeated = source.unrepaired === undefined && !this.#reporter.isWatched
    const repeated = mayBeRepeated ? this.#repeated.of(source.sql, analysis, call, this.#guard.mode) : undefined
    if (repeated !== undefined) {
      this.#reporter.count(repeated)
      return undefined
    }
    const before = call.transaction?.state ?? autocommit
    const context = { inTransaction: before.isOpen, pinned: call.pinned, named: call.named === true }
    // Exceptions depend on the call site, so an exception for the first statement does not cover an equal second one.
    if (before.left.some((left) => left.source.isExcepted)) source.scopes = openScopes()
    const { due, after } = settle(analysis, source, before)
    const isDecidedNow = this.#options.decideAt === 'statement'
    const beside = withSource(effectsBeside(analysis, context), source)
    const reported = withUncleared(due, ending)
    const decided = isDecidedNow ? [...reported, ...after.left] : reported
    const error = this.act([...decided, ...beside], context, source, entry)
    if (error !== undefined) return error
    if (mayBeRepeated && after === autocommit && source.counted !== undefined)
      this.#repeated.add(source.sql, analysis, call, this.#guard.mode, source.counted)
    const afterwards = isDecidedNow ? { ...after, left: after.left.filter(isToClear) } : after
    call.transaction?.advance({ analysis, source, isDecidedNow, decided, before, after: afterwards, due })
    const isNewlyLeft = after.left.some((left) => left.source === source)
    const left = isNewlyLeft ? this.#relevant(after.left, context).get(source) : undefined
    if (left !== undefined) this.#remember(source, left, entry)
    return undefined
  }

  /** Remembers a statement for the end of its transaction. */
  #remember(source: CurrentSource, left: readonly Finding[], entry: Caller): void {
    this.#note(source)
    const { remaining } = this.#exceptions.sort(source, left)
    source.isExcepted = remaining.length < left.length
    // The commit may report fewer rules than these, which is another line of the log. With one rule it is the same
    // line.
    const isRefused = remaining.length > 1 || remaining.some((finding) => this.#policy(finding) === 'throw')
    if (remaining.length > 0) this.#locate(source, remaining, isRefused, entry)
  }

  /** The findings that a policy acts on, by the statement that they come from; of each statement one a rule. */
  #relevant(entries: readonly Left[], context: Context): Map<Source, Finding[]> {
    const bySource = new Map<Source, Finding[]>()
    for (const { effect, source } of entries) {
      if (effect.isRepaired) continue
      const [judged] = judgeEffects([effect], this.#options.pooler, context)
      const finding = judged && withReason(judged, source)
      const known = bySource.get(source) ?? []
      if (finding === undefined || this.#policy(finding) === 'allow' || known.some(({ rule }) => rule === finding.rule))
        continue
      bySource.set(source, [...known, finding])
    }
    return bySource
  }

  /** Decides about these effects now. @returns the error that refuses the statement */
  act(entries: readonly Left[], context: Context, current: CurrentSource, entry: Caller): PoolsafeError | undefined {
    const relevant = this.#relevant(entries, context)
    if (relevant.size === 0) return undefined
    if (relevant.has(current)) this.#note(current)
    const complaints: PoolsafeError[] = []
    let mayCount = true
    const remaining = new Map<Source, readonly Finding[]>()
    for (const [source, findings] of relevant) {
      const sorted = this.#exceptions.sort(source, findings)
      for (const [declared, allowed] of sorted.allowed) this.#reporter.tellAllowed(source, declared, allowed)
      if (sorted.remaining.length > 0) remaining.set(source, sorted.remaining)
      if (source === current && sorted.hasCandidates) mayCount = false
      const complaint = sorted.problem && this.#guard.complain(sorted.problem)
      if (complaint !== undefined) complaints.push(complaint)
    }
    const refused =
      complaints.length > 0 || [...remaining.values()].flat().some((finding) => this.#policy(finding) === 'throw')
    const own = remaining.get(current)
    const isRepeated = own !== undefined && !this.#locate(current, own, refused, entry)
    const errors: (PoolsafeError | undefined)[] = []
    for (const [source, findings] of remaining) {
      if (source === current && isRepeated) {
        this.#reporter.count(findings)
        if (mayCount) current.counted = findings
      } else errors.push(this.#reporter.tell(source, findings, refused, source === current))
    }
    return [...complaints, ...errors].find((error) => error !== undefined)
  }

  /**
   * Takes the stack of a statement whose findings are reported. A stack takes 20 to 90 µs, so a repeated finding that
   * is only counted has none. The stack of an origin begins at the application. The stack that is taken here begins
   * inside the ORM, and may end there too.
   *
   * @returns whether they are reported
   */
  #locate(source: CurrentSource, findings: readonly Finding[], refused: boolean, entry: Caller): boolean {
    if (!this.#reporter.reports(source, findings, refused)) return false
    source.stack = framesOf(currentOrigin()?.stack) || takeStack(entry)
    return true
  }

  #note(source: CurrentSource): void {
    const origin = currentOrigin()
    source.operation = origin?.operation
    source.layer = origin?.layer
    source.scopes = openScopes()
  }

  #policy(finding: Finding): Policy {
    return policyOn(finding, this.#options.rules, this.#guard.mode)
  }
}

/** Adds why a finding was not repaired, for reports. */
function withReason(finding: Finding, { unrepaired }: Source): Finding {
  const reason = unrepaired?.get(finding.rule)
  return reason === undefined ? finding : { ...finding, unrepaired: reason }
}

export function withSource(effects: readonly DetectedEffect[], source: Source): Left[] {
  return effects.map((effect) => ({ effect, source }))
}
