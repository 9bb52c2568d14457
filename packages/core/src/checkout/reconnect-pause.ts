import type { Clock } from '../measure/clock.ts'
import type { Failure, FailureKind } from '../failure.ts'
import { isOfServer } from '../sql-state.ts'
import type { FailFast } from './limits.ts'
import type { ConnectFailure } from './pool-trouble.ts'

/** The first pause after the server refused a connection; each further one is about twice as long. */
const firstPauseMillis = 50
/** No pause is longer, so that the pool is back within two seconds of the server. */
const longestPauseMillis = 1000

/** How connecting fails where nothing speaks PostgreSQL: at a wrong host or port, too. */
const silent: ReadonlySet<FailureKind | undefined> = new Set<FailureKind>(['unreachable', 'brokenConnection'])

/**
 * A server that refuses connections is asked by one caller at a time, after a pause that grows: a pool that asked for
 * all of its callers at once would keep a server down that is only just coming up. A caller that gets no answer at all
 * holds up the next one for no longer than the longest pause.
 */
export class ServerRefusal {
  readonly #clock: Clock
  readonly #random: () => number
  /** Whether a server is known to be there, so that it is worth waiting for. */
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
   * @param random between 0 and 1: spreads the attempts of many processes
   * @param isAwaited whether to wait for a server that has never answered
   */
  constructor(clock: Clock, random: () => number, isAwaited: boolean) {
    this.#clock = clock
    this.#hasAnswered = isAwaited
    this.#random = random
  }

  /** Whether the last attempt to connect failed, and may succeed later. */
  get isOn(): boolean {
    return this.#attempts > 0
  }

  /** When the server may be asked again. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** For how long the server has refused; 0 while it does not. */
  get millis(): number {
    return this.isOn ? this.#clock.now() - this.#since : 0
  }

  /** The last error of the present refusal, or of the last one. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Whether calls that would have to wait fail at once now. */
  failsAtOnce(failFast: FailFast): boolean {
    if (!this.isOn || failFast === 'never') return false
    return failFast === 'whileRefusing' || this.millis >= failFast.afterMillis
  }

  /** The error with which the server refused for at least half of a wait; `undefined` where it did not. */
  during(since: number, until: number): Error | undefined {
    const refusedMillis = Math.min(this.isOn ? until : this.#until, until) - Math.max(this.#since, since)
    return this.isOn || 2 * refusedMillis >= until - since ? this.#error : undefined
  }

  /** Somebody asks the server again. */
  asked(): void {
    this.#nextAt = this.#clock.now() + this.#spread(longestPauseMillis)
  }

  /**
   * An attempt failed. Those that were under way at the same time count once; what time does not mend makes no pause.
   *
   * @returns whether another attempt may help
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

  /** The last attempt to connect, if it failed. */
  lastFailure(now: number): ConnectFailure | undefined {
    return this.#last && { agoMillis: now - this.#last.at, failure: this.#last.failure }
  }

  /** A connection was made. */
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
