import { harmless, type Analysis, type Answer } from '../analyze/analysis.ts'
import { toldBy } from '../analyze/telltales.ts'
import type { PoolsafeError } from '../errors.ts'
import { Observer } from '../observe/observer.ts'
import { WatchedPools } from '../observe/pools/watched-pools.ts'
import { contradictionOf } from '../poolers/contradiction.ts'
import { direct } from '../poolers/direct.ts'
import type { PoolerFacts } from '../poolers/detect.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { CallSign } from '../rules/rule.ts'
import type { Caller } from '../stack/call-site.ts'
import type { Source } from '../transaction/source.ts'
import type { Left } from '../transaction/state.ts'
import { Transaction } from '../transaction/transaction.ts'
import { Announcer } from './announcer.ts'
import type { Address, Call, CurrentSource } from './call.ts'
import { Decider, withSource } from './decider.ts'
import { leftAfter, type Ending, type FailedEnding } from './ending.ts'
import type { Context } from './finding.ts'
import { FindingReporter } from './finding-reporter.ts'
import type { GuardParts } from './guard-parts.ts'
import { effectsOfCall } from './judge.ts'
import type { Mode } from './options.ts'
import { Remedies, type Move, type StatementRemedy } from './remedies.ts'
import type { Replacement } from './repair-plan.ts'
import { namesOfStartup } from './startup.ts'
import { statementListener } from './statement-listener.ts'
import { strictness } from './strict.ts'

const nothing: StatementRemedy = {}

/** The key under which a guard, and each guarded object, keeps its engine. Copies of this package share it. */
export const engineKey: unique symbol = Symbol.for('poolsafe.guard')

/**
 * The face of a guard for adapters. An adapter analyzes each statement, asks whether to refuse it, and reports what it
 * observes. No method throws, except for an error in an argument.
 */
export class Engine extends Announcer {
  readonly #parts: GuardParts
  /** The mode of its own options. */
  readonly #mode: Mode
  readonly #analyze: (sql: string) => Analysis
  readonly #decider: Decider
  readonly #remedies: Remedies
  readonly #reporter: FindingReporter
  /** Observes the statements that are sent; `undefined` with `observe: false`. */
  readonly observer: Observer | undefined
  /** The pools that the guard watches. A pool that has ended, or was garbage-collected, is left out. */
  readonly pools: WatchedPools
  /** The profile that decides. */
  readonly pooler: PoolerProfile
  #direct: Engine | undefined

  /** @param pooled the engine of the same guard for connections through its pooler; absent for that engine itself */
  constructor(parts: GuardParts, pooled?: Engine) {
    super(parts)
    const { options, exceptions, events, log } = parts
    this.#parts = parts
    this.#mode = options.mode
    this.#analyze = parts.analyze
    this.pooler = pooled === undefined ? options.pooler : direct()
    const reporter =
      pooled === undefined ? parts.reporter : new FindingReporter(this.pooler, events, log, parts.reporter.counts)
    const own = { ...options, pooler: this.pooler }
    this.#decider = new Decider(own, this, exceptions, reporter)
    this.#remedies = new Remedies(own, this, exceptions)
    this.#reporter = reporter
    this.pools = pooled?.pools ?? new WatchedPools()
    this.observer =
      pooled === undefined && options.observe !== false ? new Observer(options.observe, this) : pooled?.observer
  }

  /**
   * The engine of the same guard for direct connections: it judges as behind no pooler, and shares everything else,
   * such as events, counters and exceptions.
   */
  get direct(): Engine {
    if (this.pooler.isDirect === true) return this
    return (this.#direct ??= new Engine(this.#parts, this))
  }

  /** See `Guard.mode`. */
  get mode(): Mode {
    return strictness.current === undefined ? this.#mode : 'strict'
  }

  /**
   * Analyzes a statement that is about to be sent. The result comes from memory if the text was seen before. A
   * statement that is {@link harmless} needs no further call.
   */
  analyze(sql: string): Analysis {
    const analysis = this.peek(sql)
    statementListener.current?.(sql, analysis)
    return analysis
  }

  /** Analyzes a statement that another layer judges, or has judged. */
  peek(sql: string): Analysis {
    try {
      if (strictness.current !== undefined) this.#parts.exceptions.declareComments(sql)
      return this.#analyze(sql)
    } catch (error) {
      this.#fault('analyze a statement', error)
      return this.mode === 'strict' ? { ...harmless, undecided: 'poolsafe failed' } : harmless
    }
  }

  /**
   * True if a policy repairs statements: then an adapter passes on the parameters, and whether it can send another
   * text.
   */
  get repairs(): boolean {
    return this.#remedies.repairs
  }

  /**
   * Finds what can be done about a statement instead of reporting it. Asked before {@link refuse}; not needed for a
   * {@link harmless} statement.
   *
   * @returns `undefined` for a statement that is judged and sent as it came
   */
  remedy(sql: string, analysis: Analysis, call: Call): StatementRemedy | undefined {
    try {
      return this.#remedies.remedy(sql, analysis, call)
    } catch (error) {
      this.#fault('repair a statement', error)
      return undefined
    }
  }

  /** Returns what would be sent in the place of a statement. Reports nothing. */
  preview(sql: string, analysis: Analysis, context: Context): Pick<Replacement, 'sql' | 'repairs'> | undefined {
    if (!this.repairs) return undefined
    const transaction = new Transaction()
    transaction.isOpen = context.inTransaction === true
    const call: Call = { pinned: context.pinned !== false, transaction, canClear: true }
    const { send } = this.remedy(sql, analysis, call) ?? nothing
    return send === undefined || send.repairs.length === 0 ? undefined : { sql: send.sql, repairs: send.repairs }
  }

  /**
   * Reports that a checkout has moved to a direct connection.
   *
   * @param pools the names of the pool and of its direct pool
   * @param entry the function that the application or the ORM called
   */
  moved(move: Move, pools: { readonly pool: string; readonly directPool: string }, entry: Caller): void {
    this.#guarded(() => {
      this.#reporter.tellMoved(move, pools, entry)
      return undefined
    })
  }

  /**
   * Judges a statement before it is sent. If the statement may be sent, the client's transaction takes it into account.
   *
   * @param sql the application's text, also if a repaired one is sent
   * @param entry the function that the application or the ORM called
   * @param remedy what {@link remedy} has found
   * @returns the error that must refuse the statement
   */
  refuse(
    sql: string,
    analysis: Analysis,
    call: Call,
    entry: Caller,
    remedy?: StatementRemedy,
  ): PoolsafeError | undefined {
    if (analysis === harmless && call.named !== true) return undefined
    return this.#guarded(() => {
      const { send, unrepaired, ending } = remedy ?? nothing
      const source = unrepaired === undefined ? { sql } : { sql, unrepaired }
      const error = this.#decider.decide(source, send?.analysis ?? analysis, call, entry, ending)
      if (error === undefined && send !== undefined) this.#reporter.tellRepaired(sql, send, entry)
      return error
    })
  }

  /**
   * Judges what the text of a statement does not show.
   *
   * @param name the name of the object, if the rule asks for it
   * @param sql the statement, if there is one
   * @returns the error that must refuse the call
   */
  refuseCall(sign: CallSign, entry: Caller, name?: string, sql = ''): PoolsafeError | undefined {
    const source = { sql, sign }
    return this.#guarded(() => this.#decider.act(withSource(effectsOfCall(sign, name), source), {}, source, entry))
  }

  /**
   * Judges the startup message of a login, and its address. No value and no part of the URL is kept or shown.
   *
   * @param parameters of the startup message
   * @param address the URL; or the host and the port, if the driver has no URL
   * @returns the error that must refuse the login
   */
  refuseLogin(
    parameters: Readonly<Record<string, unknown>>,
    address: string | Address,
    entry: Caller,
  ): PoolsafeError | undefined {
    const url = typeof address === 'string' ? address : `postgresql://${String(address.host)}:${String(address.port)}/`
    const ofProfile = this.refuseProfile({ url }, entry)
    const ofNames = namesOfStartup(parameters).map((name) => this.refuseCall('startupParameter', entry, name))
    return [ofProfile, ...ofNames].find((error) => error !== undefined)
  }

  /** Compares the facts of a connection with the profile. A contradiction is reported once, whatever shows it. */
  refuseProfile(facts: PoolerFacts, entry: Caller): PoolsafeError | undefined {
    return this.#guarded(() => {
      const difference = contradictionOf(this.pooler, facts)
      return difference === undefined ? undefined : this.refuseCall('wrongProfile', entry, difference)
    })
  }

  /**
   * Judges the server's answer to a statement that was sent. Only for an analysis that has `telltales`.
   *
   * @param answers one for each statement of the text
   * @returns the error that must replace the answer
   */
  refuseAnswer(sql: string, analysis: Analysis, answers: readonly Answer[]): PoolsafeError | undefined {
    const source: CurrentSource = { sql, sign: 'answer' }
    const act = (): PoolsafeError | undefined =>
      this.#decider.act(withSource(toldBy(analysis, answers), source), {}, source, act)
    // The call itself returned long ago. V8 knows only the async functions that wait for the answer, above `act`.
    return this.#guarded(act)
  }

  /**
   * Judges what the answers have shown to be left behind although it did not look so when the statement was called: a
   * ROLLBACK before it was never sent.
   *
   * @returns the error that must replace the answer
   */
  refuseLate(late: readonly Left[]): PoolsafeError | undefined {
    const sources = new Map<Source, CurrentSource>(late.map(({ source }) => [source, { ...source, sign: 'answer' }]))
    const entries = late.map(({ effect, source }) => ({ effect, source: sources.get(source) ?? source }))
    const [current = { sql: '' }] = sources.values()
    const act = (): PoolsafeError | undefined => this.#decider.act(entries, { inTransaction: true }, current, act)
    return this.#guarded(act)
  }

  /**
   * Judges what an end of a transaction has left although statements behind it should have cleared it.
   *
   * @returns the error that must replace the answer, if the transaction has ended
   */
  refuseUncleared(ending: Ending, failed: FailedEnding): PoolsafeError | undefined {
    return this.#guarded(() => {
      const left = leftAfter(ending, failed)
      return left.length === 0 ? undefined : this.refuseLate(left)
    })
  }

  /** Reports a problem that concerns no statement. @returns the error to throw in strict mode */
  complain(error: PoolsafeError): PoolsafeError | undefined {
    strictness.current?.onComplaint?.(error)
    if (this.mode === 'strict') return error
    return this.#guarded(() => {
      this.#parts.log.warnOnce(error.message, error.message, { event: 'complaint', error: error.name })
      return undefined
    })
  }

  #guarded(act: () => PoolsafeError | undefined): PoolsafeError | undefined {
    try {
      return act()
    } catch (error) {
      return this.#fault('judge a statement', error)
    }
  }

  /** Reports a fault. @returns the fault in strict mode, where it stops the statement */
  #fault(where: string, cause: unknown): PoolsafeError | undefined {
    const fault = this.#parts.log.fault(where, cause)
    return this.mode === 'strict' ? fault : undefined
  }
}
