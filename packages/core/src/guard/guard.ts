import type { KnownException, RuleIds } from '../exceptions/exception.ts'
import { runScope } from '../exceptions/scope.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkObject, checkOneOf } from '../options.ts'
import { healthOf } from '../observe/health/health-of.ts'
import type { GuardHealth } from '../observe/health/health.ts'
import { resolveHealthOptions, type HealthOptions } from '../observe/health/health-options.ts'
import type { GuardStatistics } from '../observe/statistics.ts'
import { statisticsOf } from '../observe/statistics-of.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import { ruleById } from '../rules/index.ts'
import { loadParser } from '../sql/parser.ts'
import { Engine, engineKey } from './engine.ts'
import type { GuardEvents, Repair } from './events.ts'
import type { Context, Finding } from './finding.ts'
import { GuardParts } from './guard-parts.ts'
import { judge } from './judge.ts'
import { mayRepair } from './policy.ts'
import { resolveOptions, type GuardOptions, type Mode } from './options.ts'
import { declareInStrictMode } from './strict.ts'
import { performance } from '../measure/real-time.ts'

/** The result of `inspect`. */
export interface Inspection {
  /** Empty if the statement is safe behind this pooler in this context. */
  readonly findings: readonly Finding[]
  /** The text that the policy `repair` would send instead; absent if the guard would send the statement as it is. */
  readonly repaired?: { readonly sql: string; readonly repairs: readonly Repair[] }
}

/** Judges statements and acts on its findings. {@link createGuard} creates one; the adapters take it. */
export class Guard {
  readonly #parts: GuardParts
  readonly #engine: Engine
  readonly #since = performance.now()

  /** @throws InvalidOptionError for an unknown option, rule or value, and for repairs without a parser */
  constructor(options: GuardOptions = {}) {
    const resolved = resolveOptions(options)
    if (mayRepair(resolved.rules, resolved.mode)) checkParser()
    this.#parts = new GuardParts(resolved, this)
    this.#engine = new Engine(this.#parts)
    // For adapters, by `engineOf` of `@poolsafe/core/adapter`.
    Object.defineProperty(this, engineKey, { value: this.#engine })
  }

  /** The mode in force: `strict` in every guard of the process while `@poolsafe/testing/strict` is loaded. */
  get mode(): Mode {
    return this.#parts.mode
  }

  /** The profile that decides. */
  get pooler(): PoolerProfile {
    return this.#parts.options.pooler
  }

  /**
   * Resolves when the parser is loaded. Otherwise the first statement that the scan cannot judge loads it, which blocks
   * the process for about 20 ms.
   */
  get ready(): Promise<void> {
    return Promise.resolve().then(loadParser)
  }

  /**
   * Judges a text as if it were sent in this context. Sends nothing, logs nothing, and throws for no finding. Returns
   * the findings of the text as it came, and what would be sent in its place; does not apply `rules` or exceptions to
   * the findings.
   *
   * @throws InvalidOptionError for a `sql` that is not a text, or a context that does not exist
   */
  inspect(sql: string, context: Context = {}): Inspection {
    if (typeof sql !== 'string') throw new InvalidOptionError('inspect(): sql', sql, 'a text')
    checkObject('the context of inspect()', context, ['inTransaction', 'pinned', 'named'])
    const analysis = this.#parts.analyze(sql)
    const findings = judge(analysis, this.pooler, context)
    const repaired = findings.length === 0 ? undefined : this.#engine.preview(sql, analysis, context)
    return { findings, ...(repaired !== undefined && { repaired }) }
  }

  /**
   * Adds a listener of an event.
   *
   * @returns a function that removes the listener
   * @throws InvalidOptionError for an event that does not exist, with the name that is probably meant, and for a
   *   listener that is no function
   */
  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void {
    const { events } = this.#parts
    checkOneOf('on(): event', name, events.names)
    if (typeof listener !== 'function') throw new InvalidOptionError('on(): listener', listener, 'a function')
    return events.on(name, listener)
  }

  /**
   * Allows the findings of one rule or several rules while `fn` runs, for this guard. What a statement inside leaves
   * behind stays allowed when its transaction commits later, outside. Scopes nest: an inner scope adds to the outer
   * one.
   *
   * @param reason why the finding is safe here; listeners of the event `allowed` receive it
   * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
   * @throws InvalidOptionError for an unknown rule, an empty reason, or an `fn` that is not a function
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
      remembered: this.#parts.exceptions.remembered,
      onDeclared: declareInStrictMode,
      entry: allow,
    })
  }

  /**
   * Returns the exceptions that have allowed nothing so far, each with those of its rules that were not needed: the
   * options, the scopes that have ended (those of the process-wide `allow` included), and the comments of texts in
   * which something else was found. The 1,000 newest exceptions are remembered. With mode `off` there are none.
   */
  unusedExceptions(): KnownException[] {
    if (this.mode === 'off') return []
    return this.#parts.exceptions.unused((rule) => ruleById[rule].strictOnly === true && this.mode !== 'strict')
  }

  /** Returns what was sent and found since the guard was created, and the state of its pools. Takes about 100 µs. */
  stats(): GuardStatistics {
    const { pools } = this.#engine
    // In this order: `reports` moves pools that were garbage-collected to those that have ended.
    return this.#statistics({ pools: pools.reports(), endedPools: pools.ended() })
  }

  /**
   * Checks whether the pools can do their work, and if not, why. Sends `SELECT 1` on each pool that has an idle
   * connection. Of an exhausted pool it uses no connection, and it never waits for one. Never rejects because of what
   * it finds.
   *
   * @throws InvalidOptionError
   */
  async health(options: HealthOptions = {}): Promise<GuardHealth> {
    const statistics = (): GuardStatistics => this.#statistics({ pools: [], endedPools: [] })
    return healthOf(this.#engine.pools, resolveHealthOptions(options), statistics)
  }

  #statistics(pools: Pick<GuardStatistics, 'pools' | 'endedPools'>): GuardStatistics {
    const { reporter, lookups } = this.#parts
    return statisticsOf(this.#engine.observer, { since: this.#since, counts: reporter.counts, lookups, pools })
  }
}

/**
 * Loads the parser, without which nothing can be repaired.
 *
 * @throws InvalidOptionError with the reason why it cannot be loaded
 */
function checkParser(): void {
  try {
    loadParser()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InvalidOptionError(
      'mode or rules',
      'repair',
      `'warn' or 'strict', because PostgreSQL's parser does not load: ${why}`,
    )
  }
}

/**
 * Creates a guard. With the policy `repair` it loads PostgreSQL's parser, which takes about 35 ms once.
 *
 * @throws InvalidOptionError for an unknown option, rule or value
 */
export function createGuard(options: GuardOptions = {}): Guard {
  return new Guard(options)
}
