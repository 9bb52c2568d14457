import { Alarm, type Clock } from '../measure/clock.ts'
import { callSiteOf, type CallSites } from './call-sites.ts'
import type { Checkout } from './checkout.ts'
import { ConnectionLostError } from './errors.ts'
import type { Watcher } from './events.ts'
import { lossReasons, noLosses, reasonOfLoss, type LossReason } from './loss.ts'
import { seconds } from './no-connection-message.ts'

/**
 * A pool usually loses all its connections at the same time. The first loss is logged immediately, the others together
 * after this time.
 */
const logIntervalMillis = 60_000

/** The part of a gate that is needed here. */
interface Host {
  readonly clock: Clock
  readonly watcher: Watcher
  /** Absent if no call acquires its connection through a gate. */
  readonly sites?: CallSites
}

/** Counts, logs and reports the connections of one pool that were lost while they were open. */
export class LostConnections<Connection> {
  readonly #host: Host
  readonly #counts = noLosses()
  readonly #summary: Alarm
  #loggedAt = -Infinity
  #unlogged = noLosses()
  #pool: string | undefined

  constructor(host: Host) {
    this.#host = host
    this.#summary = new Alarm(host.clock, () => this.#summarise())
  }

  /** The number of connections lost since the pool was guarded, by reason. Plain data. */
  get counts(): { readonly [Reason in LossReason]: number } {
    return { ...this.#counts }
  }

  /**
   * Notes the loss of a connection.
   *
   * @param cause the last message of the server, or the error of the socket
   * @param checkout the checkout that held the connection; `undefined` while it was idle in the pool
   * @param pool the name of the pool
   * @returns the report, for the `cause` of the errors that follow
   */
  note(
    cause: Error | undefined,
    checkout: Checkout<Connection> | undefined,
    pool?: string,
    reason: LossReason = reasonOfLoss(cause),
  ): ConnectionLostError {
    const { clock, watcher, sites } = this.#host
    this.#pool = pool
    this.#counts[reason]++
    const heldMillis = checkout === undefined ? undefined : clock.now() - checkout.heldSince
    const callSite = checkout === undefined ? undefined : callSiteOf(checkout)
    const error = new ConnectionLostError(reason, { heldMillis, operation: checkout?.operation, callSite, pool }, cause)
    if (checkout !== undefined) sites?.strike([checkout])
    this.#log(error)
    if (watcher.hears('connectionLost')) watcher.tell('connectionLost', { ...error.facts, error })
    return error
  }

  #log(error: ConnectionLostError): void {
    const { clock, watcher } = this.#host
    if (clock.now() - this.#loggedAt < logIntervalMillis) {
      this.#unlogged[error.reason]++
      this.#summary.expect(this.#loggedAt + logIntervalMillis)
      return
    }
    this.#loggedAt = clock.now()
    watcher.warn(error.message)
  }

  #summarise(): number {
    const unlogged = this.#unlogged
    const lost = lossReasons.filter((reason) => unlogged[reason] > 0)
    if (lost.length === 0) return Infinity
    this.#unlogged = noLosses()
    this.#loggedAt = this.#host.clock.now()
    const all = lost.reduce((sum, reason) => sum + unlogged[reason], 0)
    const list = lost.map((reason) => `${reason} ${unlogged[reason]}`).join(', ')
    const of = this.#pool === undefined ? '' : ` of pool ${this.#pool}`
    this.#host.watcher.warn(
      `${all} more connections${of} were lost in the last ${seconds(logIntervalMillis)} (${list})`,
    )
    return Infinity
  }
}
