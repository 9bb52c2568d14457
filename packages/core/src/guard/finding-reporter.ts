import { strictness } from './strict.ts'
import type { RuleCounts } from '../observe/statistics.ts'
import type { RuleId } from '../rules/index.ts'
import { redact } from '../sql/redact.ts'
import type { Source } from '../transaction/source.ts'
import { type PoolsafeError } from '../errors.ts'
import { UnsafeStatementError } from './unsafe-statement-error.ts'
import type { Declared } from '../exceptions/declared.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import { type Caller, formatCallSite, framesOf, takeStack } from '../stack/call-site.ts'
import { currentOrigin } from '../stack/origin.ts'
import type { AllowedEvent, Events, FindingEvent, GuardEvents, MovedEvent, RepairedEvent } from './events.ts'
import type { Finding } from './finding.ts'
import type { LogFields } from '../log/log-writer.ts'
import { format } from './finding-message.ts'
import type { GuardLog } from './guard-log.ts'
import type { Move } from './remedies.ts'
import type { Replacement } from './repair-plan.ts'

/**
 * Remembered length of a text in a key. Without the cut, a long text would not fit the memory and would be logged every
 * time.
 */
const loggedLength = 2_000

interface FindingCounts {
  readonly found: RuleCounts
  readonly allowed: RuleCounts
  readonly repaired: RuleCounts
  readonly moved: RuleCounts
}

/** Turns findings into events, log lines and errors. */
export class FindingReporter {
  readonly #pooler: PoolerProfile
  readonly #events: Events
  readonly #log: GuardLog
  /** Findings by rule, and what became of them. */
  readonly counts: FindingCounts

  /** @param counts those of another reporter of the same guard, which count together */
  constructor(
    pooler: PoolerProfile,
    events: Events,
    log: GuardLog,
    counts: FindingCounts = { found: {}, allowed: {}, repaired: {}, moved: {} },
  ) {
    this.counts = counts
    this.#pooler = pooler
    this.#events = events
    this.#log = log
  }

  /** Reports allowed findings and marks their exceptions as used. */
  tellAllowed({ sql, operation }: Source, { exception, matched }: Declared, findings: AllowedEvent['findings']): void {
    for (const { rule } of findings) matched.add(rule)
    count(this.counts.allowed, findings)
    if (!this.#isHeard('allowed')) return
    const event = { findings, statement: redact(sql), pooler: this.#pooler, operation, allowedBy: exception }
    strictness.current?.onAllowed?.(event)
    this.#emit('allowed', event)
  }

  /** Reports the repairs of a statement that is sent now. */
  tellRepaired(sql: string, { sql: sent, repairs }: Replacement, entry: Caller): void {
    const [first, ...others] = repairs
    if (first === undefined) return
    count(this.counts.repaired, repairs)
    if (!this.#isHeard('repaired')) return
    const event: RepairedEvent = {
      repairs: [first, ...others],
      statement: redact(sql),
      sent: redact(sent),
      pooler: this.#pooler,
      ...originOf(entry),
    }
    strictness.current?.onRepaired?.(event)
    this.#emit('repaired', event)
  }

  /** Reports that a checkout has moved to a direct connection. */
  tellMoved({ sql, findings }: Move, pools: Pick<MovedEvent, 'pool' | 'directPool'>, entry: Caller): void {
    count(this.counts.moved, findings)
    if (!this.#isHeard('moved')) return
    const event: MovedEvent = { findings, statement: redact(sql), pooler: this.#pooler, ...pools, ...originOf(entry) }
    strictness.current?.onMoved?.(event)
    this.#emit('moved', event)
  }

  /** Counts findings that are neither allowed nor reported. */
  count(findings: readonly Finding[]): void {
    count(this.counts.found, findings)
  }

  /**
   * Returns true if findings are or may be logged, thrown or passed to a listener. Without a text, the call site
   * decides.
   */
  reports(source: Source, findings: readonly Finding[], refused: boolean): boolean {
    return (source.sql === '' && source.sign !== 'wrongProfile') || !this.#isSilent(source, findings, refused)
  }

  /** Reports one statement. @returns the error that refuses it */
  tell(source: Source, findings: readonly Finding[], refused: boolean, isCurrent: boolean): PoolsafeError | undefined {
    this.count(findings)
    if (this.#isSilent(source, findings, refused)) return undefined
    const { sql, operation, layer, stack, sign } = source
    const [first, ...others] = findings as [Finding, ...Finding[]]
    const fields = { findings: [first, ...others] as const, statement: redact(sql), operation }
    const pooler = this.#pooler
    const message = format({
      ...fields,
      pooler,
      refused,
      layer,
      stack,
      decidedBy: sign ?? (isCurrent ? 'statement' : 'commit'),
    })
    const told = { ...fields, pooler, refused, place: formatCallSite(stack), stack, message }
    strictness.current?.onFinding(told)
    this.#emit('finding', told)
    if (!refused) {
      this.#log.warnOnce(keyOf(source, findings), message, fieldsOf(told))
      return undefined
    }
    const error = new UnsafeStatementError(message, { ...fields, pooler: pooler.label, wasSent: sign === 'answer' })
    error.stack = `${error.name}: ${message}\n${stack ?? ''}`
    return error
  }

  /** A finding that concerns the whole process is reported once, also to listeners. */
  #isSilent(source: Source, findings: readonly Finding[], refused: boolean): boolean {
    if (refused || (source.sign !== 'wrongProfile' && this.isWatched)) return false
    return this.#log.has(keyOf(source, findings))
  }

  /** True if a listener or a test hears of every finding. */
  get isWatched(): boolean {
    return this.#isHeard('finding')
  }

  /** True if a listener or a test hears of every such event. */
  #isHeard(name: keyof GuardEvents): boolean {
    return this.#events.has(name) || strictness.current !== undefined
  }

  #emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    this.#events.emit(name, event, (error) => this.#log.report(error))
  }
}

/** Returns the key by which a finding is logged once. Without a statement it is the message and the call site. */
function keyOf({ sql, sign, stack }: Source, findings: readonly Finding[]): string {
  const rules = findings.length === 1 ? findings[0]!.rule : findings.map(({ rule }) => rule).join()
  if (sql !== '') return `${rules} ${sql.length} ${sql.slice(0, loggedLength)}`
  const site = sign === 'wrongProfile' ? '' : formatCallSite(stack)
  return `${rules} ${findings[0]?.message} ${site}`
}

/** Takes the stack of the present call: 20 to 90 µs. */
function originOf(entry: Caller): Pick<MovedEvent, 'operation' | 'place'> {
  const origin = currentOrigin()
  return { operation: origin?.operation, place: formatCallSite(framesOf(origin?.stack) || takeStack(entry)) }
}

/** The fields of a structured log entry. */
function fieldsOf({ findings, statement, operation, place, pooler }: FindingEvent): LogFields {
  return {
    event: 'finding',
    rules: findings.map(({ rule }) => rule),
    statement,
    operation,
    place,
    pooler: pooler.label,
  }
}

function count(counts: RuleCounts, findings: readonly { readonly rule: RuleId }[]): void {
  for (const { rule } of findings) counts[rule] = (counts[rule] ?? 0) + 1
}
