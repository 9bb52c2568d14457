import { declareInStrictMode, strictness } from './strict.ts'
import { statementListener } from './statement-listener.ts'
import { harmless, type Analysis, type Answer } from '../analyze/analysis.ts'
import { createAnalyzer, noLookups } from '../analyze/analyze.ts'
import { loadParser } from '../sql/parser.ts'
import { toldBy } from '../analyze/telltales.ts'
import type { KnownException, RuleIds } from '../exceptions/exception.ts'
import { Exceptions } from './exceptions.ts'
import { runScope } from '../exceptions/scope.ts'
import { InvalidOptionError, type PoolsafeError } from '../errors.ts'
import { checkObject, checkOneOf } from '../options.ts'
import { contradictionOf } from '../poolers/contradiction.ts'
import { Observer } from '../observe/observer.ts'
import { WatchedPools } from '../observe/pools/watched-pools.ts'
import { healthOf } from '../observe/health/health-of.ts'
import type { GuardHealth } from '../observe/health/health.ts'
import { resolveHealthOptions, type HealthOptions } from '../observe/health/health-options.ts'
import type { GuardStatistics } from '../observe/statistics.ts'
import { statisticsOf } from '../observe/statistics-of.ts'
import type { PoolerFacts } from '../poolers/detect.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { Source } from '../transaction/source.ts'
import type { Left } from '../transaction/state.ts'
import { ruleById } from '../rules/index.ts'
import type { CallSign } from '../rules/rule.ts'
import type { Address, Call, CurrentSource } from './call.ts'
import type { Entry } from '../stack/call-site.ts'
import { Decider, withSource } from './decider.ts'
import { Events, type GuardEvents } from './events.ts'
import type { Context, Finding } from './finding.ts'
import { effectsOfCall, judge } from './judge.ts'
import { namesOfStartup } from './startup.ts'
import { resolveOptions, type GuardOptions, type Mode, type ResolvedOptions } from './options.ts'
import type { LogEntry, LogFields } from '../log/log-writer.ts'
import { Reports } from './guard-log.ts'
import { Teller } from './finding-reporter.ts'

/** What `inspect` found. */
export interface Inspection {
  /** Empty: the statement is safe behind this pooler, in this context. */
  readonly findings: readonly Finding[]
}

/** Judges statements and acts on what it finds. Made by {@link createGuard}; the adapters take it. */
export class Guard {
  readonly #options: ResolvedOptions
  readonly #analyze: (sql: string) => Analysis
  readonly #events = new Events()
  readonly #exceptions: Exceptions
  readonly #reports: Reports
  readonly #teller: Teller
  readonly #decider: Decider
  readonly #lookups = noLookups()
  readonly #since = performance.now()
  readonly #listenerFailed = (error: unknown): void => this.fault('tell a listener of an event', error)
  /** For adapters: watches the statements that are sent; `undefined` with `observe: false`. */
  readonly observer: Observer | undefined
  /** For adapters: the pools that this guard watches. A pool that is ended, or collected, is none any more. */
  readonly pools: WatchedPools = new WatchedPools()

  /** @throws InvalidOptionError */
  constructor(options: GuardOptions = {}) {
    this.#options = resolveOptions(options)
    this.#analyze = createAnalyzer(this.#options.cacheBytes, this.#lookups)
    this.#reports = new Reports(this.#options.logger, this.#events)
    this.#teller = new Teller(this.#options.pooler, this.#events, this.#reports)
    this.#exceptions = new Exceptions(this, this.#options.exceptions)
    this.#decider = new Decider(this.#options, this, this.#exceptions, this.#teller)
    if (this.#options.observe !== false) this.observer = new Observer(this.#options.observe, this)
  }

  /** The mode in force: `strict` in every guard of the process while `@poolsafe/testing/strict` is loaded. */
  get mode(): Mode {
    return strictness.current === undefined ? this.#options.mode : 'strict'
  }

  /** The profile that decides. */
  get pooler(): PoolerProfile {
    return this.#options.pooler
  }

  /**
   * Resolves when the parser is loaded. Without it, the first statement that the scan cannot judge loads it, which
   * blocks the process for some 20 ms.
   */
  get ready(): Promise<void> {
    return Promise.resolve().then(loadParser)
  }

  /**
   * Judges a text as if it were sent in this context. Sends nothing, logs nothing, throws for no finding, and looks
   * neither at exceptions nor at `rules`: it tells what is found, not what would become of it.
   *
   * @throws InvalidOptionError for what is no text, or a context that does not exist
   */
  inspect(sql: string, context: Context = {}): Inspection {
    if (typeof sql !== 'string') throw new InvalidOptionError('inspect(): sql', sql, 'a text')
    checkObject('the context of inspect()', context, ['inTransaction', 'pinned', 'named'])
    return { findings: judge(this.#analyze(sql), this.#options.pooler, context) }
  }

  /**
   * Adds a listener of an event.
   *
   * @returns a function that removes the listener
   * @throws InvalidOptionError for an event that does not exist, with the name that is probably meant, and for a listener
   *   that is no function
   */
  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void {
    checkOneOf('on(): event', name, this.#events.names)
    if (typeof listener !== 'function') throw new InvalidOptionError('on(): listener', listener, 'a function')
    return this.#events.on(name, listener)
  }

  /**
   * Allows the findings of a rule, or of several, while `fn` runs, for this guard. What a statement inside leaves
   * behind stays allowed when its transaction commits later, outside. Scopes nest: an inner one adds to the outer.
   *
   * @param reason why it is safe here; told to whoever listens to the event `allowed`
   * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
   * @throws InvalidOptionError for what is no rule, an empty reason, and what is no function
   */
  allow<Result>(rule: RuleIds, reason: string, fn: () => PromiseLike<Result>): Promise<Result>
  allow<Result>(rule: RuleIds, reason: string, fn: () => Result): Result
  allow(rule: RuleIds, reason: string, fn: () => unknown): unknown {
    // oxlint-disable-next-line typescript/unbound-method -- named as the frame where stacks begin, never called
    const { allow } = this
    return runScope({
      rule,
      reason,
      fn,
      guard: this,
      remembered: this.#exceptions.remembered,
      onDeclared: declareInStrictMode,
      entry: allow,
    })
  }

  /**
   * The exceptions that have allowed nothing so far, each with those of its rules that were not needed: the options,
   * the scopes that have ended, those of the process-wide `allow` included, and the comments of texts in which
   * something else was found. The 1,000 newest are remembered. With mode `off` there are none.
   */
  unusedExceptions(): KnownException[] {
    if (this.mode === 'off') return []
    return this.#exceptions.unused((rule) => ruleById[rule].strictOnly === true && this.mode !== 'strict')
  }

  /** What was sent and found since the guard was made, and how its pools stand. Plain data; costs some 100 µs. */
  stats(): GuardStatistics {
    // In this order: what is found to be gone has ended.
    return this.#statistics({ pools: this.pools.reports(), endedPools: this.pools.ended() })
  }

  /**
   * Whether the pools can do their work, and why not. Asks each pool that has an idle connection for `SELECT 1`; of an
   * exhausted pool it uses no connection, and waits for nothing. Never rejects for what it finds.
   *
   * @throws InvalidOptionError
   */
  async health(options: HealthOptions = {}): Promise<GuardHealth> {
    return healthOf(this.pools, resolveHealthOptions(options), () => this.#statistics({ pools: [], endedPools: [] }))
  }

  /**
   * For adapters: what a text does that is about to be sent, from memory where it was seen before. {@link harmless}
   * needs no further call.
   */
  analyze(sql: string): Analysis {
    const analysis = this.peek(sql)
    statementListener.current?.(sql, analysis)
    return analysis
  }

  /** For adapters: `analyze` for a text that another layer judges, or has judged. */
  peek(sql: string): Analysis {
    try {
      if (strictness.current !== undefined) this.#exceptions.declareComments(sql)
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
    return this.#guarded(() => this.#decider.decide({ sql }, analysis, call, entry))
  }

  /**
   * For adapters: `refuse` for what the text of a statement does not tell.
   *
   * @param name of what it is, where the rule asks for it
   * @param sql the statement, where there is one
   */
  refuseCall(sign: CallSign, entry: Entry, name?: string, sql = ''): PoolsafeError | undefined {
    const source = { sql, sign }
    return this.#guarded(() => this.#decider.act(withSource(effectsOfCall(sign, name), source), {}, source, entry))
  }

  /**
   * For adapters: judges what a driver is about to log in with, and where. No value and no part of the URL is kept or
   * shown.
   *
   * @param parameters of the startup message
   * @param address the URL; or what has the host and the port, where there is none
   */
  refuseLogin(
    parameters: Readonly<Record<string, unknown>>,
    address: string | Address,
    entry: Entry,
  ): PoolsafeError | undefined {
    const url = typeof address === 'string' ? address : `postgresql://${String(address.host)}:${String(address.port)}/`
    const ofProfile = this.refuseProfile({ url }, entry)
    const ofNames = namesOfStartup(parameters).map((name) => this.refuseCall('startupParameter', entry, name))
    return [ofProfile, ...ofNames].find((error) => error !== undefined)
  }

  /** For adapters: compares what is known of a connection with the profile. Told once, whatever it is known from. */
  refuseProfile(facts: PoolerFacts, entry: Entry): PoolsafeError | undefined {
    return this.#guarded(() => {
      const difference = contradictionOf(this.pooler, facts)
      return difference === undefined ? undefined : this.refuseCall('wrongProfile', entry, difference)
    })
  }

  /**
   * For adapters: judges what the server answered to a statement that was sent. Only where the analysis has
   * `telltales`.
   *
   * @param answers one for each statement of the text
   * @returns the error that must take the place of the answer
   */
  refuseAnswer(sql: string, analysis: Analysis, answers: readonly Answer[]): PoolsafeError | undefined {
    const source: CurrentSource = { sql, sign: 'answer' }
    const act = (): PoolsafeError | undefined =>
      this.#decider.act(withSource(toldBy(analysis, answers), source), {}, source, act)
    // The call itself has returned long ago: who waits for the answer is all that V8 knows of it, above `act`.
    return this.#guarded(act)
  }

  /**
   * For adapters: judges what the answers have shown to be left, where it did not look so when the statement was
   * called: a ROLLBACK before it was never sent.
   *
   * @returns the error that must take the place of the answer
   */
  refuseLate(late: readonly Left[]): PoolsafeError | undefined {
    const sources = new Map<Source, CurrentSource>(late.map(({ source }) => [source, { ...source, sign: 'answer' }]))
    const entries = late.map(({ effect, source }) => ({ effect, source: sources.get(source) ?? source }))
    const [current = { sql: '' }] = sources.values()
    const act = (): PoolsafeError | undefined => this.#decider.act(entries, { inTransaction: true }, current, act)
    return this.#guarded(act)
  }

  /** For adapters: a complaint that concerns no statement. @returns the error to throw in strict mode */
  complain(error: PoolsafeError): PoolsafeError | undefined {
    strictness.current?.onComplaint?.(error)
    if (this.mode === 'strict') return error
    return this.#guarded(() => this.#log(error.message, error.message, { event: 'complaint', error: error.name }))
  }

  /** For adapters: whether anyone listens to an event, so that nothing is put together for nobody. */
  hears(name: keyof GuardEvents): boolean {
    return this.#events.has(name)
  }

  /** For adapters: tells the listeners of an event. */
  tell<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    this.#events.emit(name, event, this.#listenerFailed)
  }

  /** For what observes: a fault of our own, which is told once and stops nothing. */
  fault(where: string, cause: unknown): void {
    this.#reports.fault(where, cause)
  }

  /** For adapters: logs what is no warning. */
  info(message: string): void {
    this.write({ level: 'info', message, fields: { event: 'info' } })
  }

  /** For adapters: logs each time what is no finding. */
  warn(message: string): void {
    this.write({ level: 'warn', message, fields: { event: 'warning' } })
  }

  /** For what observes: logs. A logger that throws is a fault of its own. */
  write(entry: LogEntry): void {
    try {
      this.#reports.write(entry)
    } catch (error) {
      this.#fault('write to the logger', error)
    }
  }

  #statistics(pools: Pick<GuardStatistics, 'pools' | 'endedPools'>): GuardStatistics {
    const { found, allowed } = this.#teller.counts
    return statisticsOf(this.observer, { since: this.#since, found, allowed, lookups: this.#lookups, pools })
  }

  #guarded(act: () => PoolsafeError | undefined): PoolsafeError | undefined {
    try {
      return act()
    } catch (error) {
      return this.#fault('judge a statement', error)
    }
  }

  #log(key: string, message: string, fields: LogFields): undefined {
    this.#reports.log(key, message, fields)
  }

  /** Reported once; only strict mode lets it stop a statement. */
  #fault(where: string, cause: unknown): PoolsafeError | undefined {
    const fault = this.#reports.fault(where, cause)
    return this.mode === 'strict' ? fault : undefined
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
