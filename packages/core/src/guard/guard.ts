import { harmless, type Analysis, type DetectedEffect } from '../analyze/analysis.ts'
import { createAnalyzer } from '../analyze/analyze.ts'
import { TextCache } from '../analyze/cache.ts'
import { loadParser } from '../analyze/parser.ts'
import { redact } from '../analyze/redact.ts'
import { autocommit, settle, type Left, type Source, type Transaction } from '../checkout/transaction.ts'
import { InvalidOptionError, PoolsafeFault, UnsafeStatementError, type PoolsafeError } from '../errors.ts'
import { checkObject } from '../options.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import { ruleById } from '../rules/index.ts'
import type { CallSign } from '../rules/rule.ts'
import { formatCallSite, framesOf, takeStack } from './call-site.ts'
import { Events, type FindingEvent, type GuardEvents } from './events.ts'
import type { Context, Finding } from './finding.ts'
import { effectsBeside, effectsOfCall, judge, judgeEffects } from './judge.ts'
import { format } from './message.ts'
import { resolveOptions, type GuardOptions, type Mode, type Policy, type ResolvedOptions } from './options.ts'
import { processWide } from './process-wide.ts'

/** What `inspect` found. */
export interface Inspection {
  /** Empty: the statement is safe behind this pooler, in this context. */
  readonly findings: readonly Finding[]
}

/** How an adapter sends a statement. */
export interface Call {
  /** The transaction of a client that holds its connection; absent on a connection borrowed for one statement. */
  readonly transaction?: Transaction
  /** Whether the caller holds the connection. */
  readonly pinned: boolean
  /** Whether the driver sends it as a named statement. @default false */
  readonly named?: boolean
}

interface MutableSource extends Source {
  operation?: string | undefined
  stack?: string | undefined
}

/** The function of an adapter that the application or the ORM called: its frames, and those above, are left out of stacks. */
export type Entry = (...args: never[]) => unknown

/** Bytes for remembering what has been logged, so that each finding is logged once. */
const loggedBytes = 262_144

/** As much of a text as is remembered: a long one would not be, and would be logged each time. */
const loggedLength = 2_000

/** Judges statements and acts on what it finds. Made by {@link createGuard}; the adapters take it. */
export class Guard {
  readonly #options: ResolvedOptions
  readonly #analyze: (sql: string) => Analysis
  readonly #events = new Events()
  readonly #logged = new TextCache<true>(loggedBytes)
  #faultReported = false

  /** @throws InvalidOptionError */
  constructor(options: GuardOptions = {}) {
    this.#options = resolveOptions(options)
    this.#analyze = createAnalyzer(this.#options.cacheBytes)
  }

  /** The mode in force: `strict` in every guard of the process while `@poolsafe/testing/strict` is loaded. */
  get mode(): Mode {
    return processWide.strict === undefined ? this.#options.mode : 'strict'
  }

  /** The profile that decides. */
  get pooler(): PoolerProfile {
    return this.#options.pooler
  }

  /**
   * Resolves when the parser is loaded. Without it, the first statement that the scan cannot judge loads it, which blocks
   * the process for some 20 ms.
   */
  get ready(): Promise<void> {
    return Promise.resolve().then(loadParser)
  }

  /**
   * Judges a text as if it were sent in this context. Sends nothing, logs nothing, throws for no finding.
   *
   * @throws InvalidOptionError for what is no text, or a context that does not exist
   */
  inspect(sql: string, context: Context = {}): Inspection {
    if (typeof sql !== 'string') throw new InvalidOptionError('inspect(): sql', sql, 'a text')
    checkObject('the context of inspect()', context, ['inTransaction', 'pinned', 'named'])
    return { findings: judge(this.#analyze(sql), this.#options.pooler, context) }
  }

  /** @returns what removes the listener again */
  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void {
    if (!this.#events.isEvent(name)) throw new InvalidOptionError('on(): event', name, `one of ${this.#events.names.join(', ')}`)
    if (typeof listener !== 'function') throw new InvalidOptionError('on(): listener', listener, 'a function')
    return this.#events.on(name, listener)
  }

  /** For adapters: what a text does, from memory where it was seen before. {@link harmless} needs no further call. */
  analyze(sql: string): Analysis {
    try {
      return this.#analyze(sql)
    } catch (error) {
      this.#fault('analyze a statement', error)
      return this.mode === 'strict' ? { ...harmless, undecided: 'poolsafe failed' } : harmless
    }
  }

  /**
   * For adapters: judges and acts. Where the statement may go, the client's transaction takes it into account.
   *
   * @returns the error that must refuse the statement, before it is sent
   */
  refuse(sql: string, analysis: Analysis, call: Call, entry: Entry): PoolsafeError | undefined {
    if (analysis === harmless && call.named !== true) return undefined
    return this.#guarded(() => this.#decide({ sql }, analysis, call, entry))
  }

  /** For adapters: `refuse` for what is no statement. */
  refuseCall(sign: CallSign, entry: Entry): PoolsafeError | undefined {
    const source = { sql: '' }
    return this.#guarded(() => this.#act(withSource(effectsOfCall(sign), source), {}, source, entry))
  }

  /** For adapters: a complaint that concerns no statement. @returns the error to throw in strict mode */
  complain(error: PoolsafeError): PoolsafeError | undefined {
    if (this.mode === 'strict') return error
    return this.#guarded(() => this.#log(error.message, error.message))
  }

  /** For adapters: whether anyone listens to an event, so that nothing is put together for nobody. */
  hears(name: keyof GuardEvents): boolean {
    return this.#events.has(name)
  }

  /** For adapters: tells the listeners of an event. */
  tell<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    for (const thrown of this.#events.emit(name, event)) this.#fault('tell a listener of an event', thrown)
  }

  /** For adapters: logs what is no warning. The standard output belongs to the application. */
  info(message: string): void {
    const { logger } = this.#options
    const text = `[poolsafe] ${message}`
    try {
      if (logger === console) console.error(text)
      else logger.info?.(text)
    } catch (error) {
      this.#fault('log the start of a pool', error)
    }
  }

  /** For adapters: logs each time what is no finding. A logger that throws is a fault of its own. */
  warn(message: string): void {
    try {
      this.#options.logger.warn(`[poolsafe] ${message}`)
    } catch (error) {
      this.#fault('log a warning', error)
    }
  }

  #guarded(act: () => PoolsafeError | undefined): PoolsafeError | undefined {
    try {
      return act()
    } catch (error) {
      return this.#fault('judge a statement', error)
    }
  }

  #decide(source: MutableSource, analysis: Analysis, call: Call, entry: Entry): PoolsafeError | undefined {
    const before = call.transaction?.state ?? autocommit
    const context = { inTransaction: before.isOpen, pinned: call.pinned, named: call.named === true }
    const { due, after } = settle(analysis, source, before)
    const isDecidedNow = this.#options.decideAt === 'statement'
    const beside = withSource(effectsBeside(analysis, context), source)
    const error = this.#act([...due, ...(isDecidedNow ? after.left : []), ...beside], context, source, entry)
    if (error !== undefined) return error
    if (call.transaction !== undefined) call.transaction.state = isDecidedNow ? { ...after, left: [] } : after
    const isNewlyLeft = after.left.some((left) => left.source === source)
    if (isNewlyLeft && this.#relevant(after.left, context).has(source)) this.#locate(source, entry)
    return undefined
  }

  /** The findings that a policy acts on, by the statement that they come from; of each statement one a rule. */
  #relevant(entries: readonly Left[], context: Context): Map<Source, Finding[]> {
    const bySource = new Map<Source, Finding[]>()
    for (const { effect, source } of entries) {
      const [finding] = judgeEffects([effect], this.#options.pooler, context)
      const known = bySource.get(source) ?? []
      if (finding === undefined || this.#policy(finding) === 'allow' || known.some(({ rule }) => rule === finding.rule)) continue
      bySource.set(source, [...known, finding])
    }
    return bySource
  }

  #act(entries: readonly Left[], context: Context, current: MutableSource, entry: Entry): PoolsafeError | undefined {
    const relevant = this.#relevant(entries, context)
    if (relevant.size === 0) return undefined
    if (relevant.has(current)) this.#locate(current, entry)
    const refused = [...relevant.values()].flat().some((finding) => this.#policy(finding) === 'throw')
    const errors = [...relevant].map(([source, findings]) => this.#tell(source, findings, refused, source === current))
    return errors.find((error) => error !== undefined)
  }

  /** Tells of one statement. */
  #tell(source: Source, findings: readonly Finding[], refused: boolean, isCurrent: boolean): PoolsafeError | undefined {
    const { sql, operation, stack } = source
    // What is no statement is told by its place.
    const place = sql === '' ? formatCallSite(stack) : `${sql.length} ${sql.slice(0, loggedLength)}`
    const logKey = `${findings.map((finding) => finding.rule).join()} ${place}`
    if (!refused && this.#logged.get(logKey) && !this.#isWatched()) return undefined
    const [first, ...others] = findings as [Finding, ...Finding[]]
    const fields = { findings: [first, ...others] as const, statement: redact(sql), operation }
    const pooler = this.#options.pooler
    const message = format({ ...fields, pooler, refused, stack, decidedBy: decider(sql, isCurrent) })
    this.#emit({ ...fields, pooler, refused, message })
    if (!refused) return this.#log(logKey, message)
    const error = new UnsafeStatementError(message, { ...fields, pooler: pooler.label })
    error.stack = `${error.name}: ${message}\n${stack ?? ''}`
    return error
  }

  /** The stack of an origin begins at the application; what is taken here begins inside the ORM, and may end there too. */
  #locate(source: MutableSource, entry: Entry): void {
    const origin = processWide.origins.getStore()
    source.operation = origin?.operation
    source.stack = framesOf(origin?.stack) || takeStack(entry)
  }

  #isWatched(): boolean {
    return this.#events.has('finding') || processWide.strict !== undefined
  }

  #policy({ rule, outcome }: Finding): Policy {
    const given = this.#options.rules[rule]
    // What is pinned works: it is a cost, which only who asks for it hears of.
    if (given === undefined && outcome === 'pinned') return 'allow'
    if (processWide.strict !== undefined && given !== 'allow') return 'throw'
    if (given !== undefined) return given
    if (this.mode === 'strict') return 'throw'
    return ruleById[rule].strictOnly === true ? 'allow' : 'warn'
  }

  #emit(event: FindingEvent): void {
    processWide.strict?.onFinding(event)
    for (const thrown of this.#events.emit('finding', event)) this.#fault('tell a listener of a finding', thrown)
  }

  #log(key: string, message: string): undefined {
    if (this.#logged.get(key)) return
    this.#logged.set(key, true)
    this.#options.logger.warn(`[poolsafe] ${message}`)
  }

  /** Reported once; only strict mode lets it stop a statement. */
  #fault(where: string, cause: unknown): PoolsafeError | undefined {
    const fault = new PoolsafeFault(where, cause)
    if (!this.#faultReported) {
      this.#faultReported = true
      this.#events.emit('fault', fault)
      this.#report(fault)
    }
    return this.mode === 'strict' ? fault : undefined
  }

  #report(fault: PoolsafeFault): void {
    try {
      this.#options.logger.warn(`[poolsafe] ${fault.message}: ${String(fault.cause)}`)
    } catch {
      // The logger itself is what failed: there is nobody left to tell.
    }
  }
}

/**
 * Makes a guard.
 *
 * @throws InvalidOptionError for an option, a rule id or a value that does not exist
 */
export function createGuard(options: GuardOptions = {}): Guard {
  return new Guard(options)
}

/** For adapters: the guard that was handed in, or one made of the options that were. */
export function toGuard(given: Guard | GuardOptions | undefined): Guard {
  return isGuard(given) ? given : createGuard(given)
}

/** A guard of another copy of this package is one too. */
function isGuard(given: Guard | GuardOptions | undefined): given is Guard {
  return typeof given === 'object' && given !== null && 'refuse' in given && 'inspect' in given
}

function decider(sql: string, isCurrent: boolean): 'statement' | 'commit' | 'release' {
  if (sql === '') return 'release'
  return isCurrent ? 'statement' : 'commit'
}

function withSource(effects: readonly DetectedEffect[], source: Source): Left[] {
  return effects.map((effect) => ({ effect, source }))
}
