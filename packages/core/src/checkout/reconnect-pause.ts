import type { Clock } from '../measure/clock.ts'
import type { Failure, FailureKind } from '../failure.ts'
import { isOfServer } from '../sql-state.ts'
import type { FailFast } from './limits.ts'
import type { ConnectFailure } from './pool-trouble.ts'

/**
 * The first pause after the server refused a connection, in milliseconds. Each further pause is about twice as long.
 */
const firstPauseMillis = 50
/** The longest pause, so that the pool is back within two seconds of the server. */
const longestPauseMillis = 1000

/** Failures of a connection attempt if no PostgreSQL server answers, also because of a wrong host or port. */
const silent: ReadonlySet<FailureKind | undefined> = new Set<FailureKind>(['unreachable', 'brokenConnection'])

/**
 * The state of a server that refuses connections. One caller at a time asks the server, after a growing pause. A pool
 * that asked for all its callers at the same time would keep a starting server down. A caller that gets no answer holds
 * up the next one for at most the longest pause.
 */
export class ServerRefusal {
  readonly #clock: Clock
  readonly #random: () => number
  /** True if a server is known to exist, so that waiting for it makes sense. */
  #hasAnswered: boolean
  #attempts = 0
  #nextAt = 0
  #failedAt = 0
  /** When the present refusal, or the one before, began and ended. */
  #since = 0
  #until = Infinity
  #error: Error | undefined
  #last: { readonly at: number; readonly failure: Failure | undefined } | undefined

  /**
   * @param random returns a number between 0 and 1, which spreads the attempts of many processes
   * @param isAwaited true to wait also for a server that has never answered
   */
  constructor(clock: Clock, random: () => number, isAwaited: boolean) {
    this.#clock = clock
    this.#hasAnswered = isAwaited
    this.#random = random
  }

  /** True if the last attempt to connect failed but a later one may succeed. */
  get isOn(): boolean {
    return this.#attempts > 0
  }

  /** When the server may be asked again. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** How long the server has refused connections; 0 while it accepts them. */
  get millis(): number {
    return this.isOn ? this.#clock.now() - this.#since : 0
  }

  /** The last error of the present or the most recent refusal. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Returns true if calls that would have to wait fail immediately now. */
  failsAtOnce(failFast: FailFast): boolean {
    if (!this.isOn || failFast === 'never') return false
    return failFast === 'whileRefusing' || this.millis >= failFast.afterMillis
  }

  /** Returns the error with which the server refused for at least half of a wait; `undefined` if it did not. */
  during(since: number, until: number): Error | undefined {
    const refusedMillis = Math.min(this.isOn ? until : this.#until, until) - Math.max(this.#since, since)
    return this.isOn || 2 * refusedMillis >= until - since ? this.#error : undefined
  }

  /** Notes that a caller asks the server again. */
  asked(): void {
    this.#nextAt = this.#clock.now() + this.#spread(longestPauseMillis)
  }

  /**
   * Notes a failed attempt. Attempts that ran at the same time count once. An error that time does not fix makes no
   * pause.
   *
   * @returns true if another attempt may help
   */
  failed(error: Error, failure: Failure | undefined): boolean {
    const now = this.#clock.now()
    this.#last = { at: now, failure }
    this.#hasAnswered ||= isOfServer(error)
    const mayHelp = failure?.isTransient === true && (this.#hasAnswered || !silent.has(failure.kind))
    if (mayHelp) this.#pause(error, now)
    return mayHelp
  }

  #pause(error: Error, now: number): void {
    if (!this.isOn) this.#since = now
    this.#error = error
    if (this.isOn && now - this.#failedAt < firstPauseMillis / 2) return
    this.#failedAt = now
    this.#attempts++
    this.#nextAt = now + this.#spread(Math.min(firstPauseMillis * 2 ** (this.#attempts - 1), longestPauseMillis))
  }

  /** Returns the last attempt to connect, if it failed. */
  lastFailure(now: number): ConnectFailure | undefined {
    return this.#last && { agoMillis: now - this.#last.at, failure: this.#last.failure }
  }

  /** Notes that a connection was opened. */
  over(): void {
    this.#hasAnswered = true
    if (this.isOn) this.#until = this.#clock.now()
    this.#last = undefined
    this.#attempts = 0
    this.#nextAt = 0
  }

  #spread(pause: number): number {
    return pause * (0.5 + this.#random() / 2)
  }
}
