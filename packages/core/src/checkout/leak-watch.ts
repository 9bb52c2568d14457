import { Alarm, type Clock } from '../measure/clock.ts'
import type { Checkout } from './checkout.ts'
import type { LeakEvent, Watcher } from './events.ts'
import type { CheckoutLimits } from './limits.ts'
import { place, seconds } from './no-connection-message.ts'
import type { Activity } from './pool-state.ts'
import type { Queue } from './queue.ts'
import { callSiteOf, type CallSites } from './call-sites.ts'

/** The parts of a pool that a leak watch reads. */
export interface Watched<Connection> {
  readonly clock: Clock
  readonly source: { activityOf(connection: Connection): Activity; activityMark(connection: Connection): unknown }
  readonly limits: CheckoutLimits
  readonly watcher: Watcher
  readonly sites: CallSites
  /** The held connections, in the order of acquisition. */
  readonly held: Queue<Checkout<Connection>>
}

/** When a transaction became idle, and the mark that changes when it sends again. */
interface Idle {
  readonly since: number
  readonly mark: unknown
}

/**
 * Reports connections that are held too long, and transactions that are open too long without a statement. Each is
 * reported once.
 */
export class LeakWatch<Connection> {
  readonly #watched: Watched<Connection>
  readonly #lengths: Alarm
  readonly #transactions: Alarm
  /** False if neither is reported. */
  readonly isOn: boolean
  readonly #idle = new Map<Checkout<Connection>, Idle>()
  #reported = 0

  constructor(watched: Watched<Connection>) {
    this.#watched = watched
    const { leakDetectionMillis, idleInTransactionMillis } = watched.limits
    this.isOn = Math.min(leakDetectionMillis, idleInTransactionMillis) !== Infinity
    this.#lengths = new Alarm(watched.clock, (now) => this.#reportLong(now))
    this.#transactions = new Alarm(watched.clock, (now) => this.#reportIdle(now))
  }

  /** Notes that a connection was acquired. */
  started(checkout: Checkout<Connection>): void {
    // An alarm that is set for an earlier checkout finds this one, too.
    if (this.#lengths.isSet && this.#transactions.isSet) return
    const { leakDetectionMillis, idleInTransactionMillis } = this.#watched.limits
    this.#lengths.expect(checkout.heldSince + leakDetectionMillis)
    this.#transactions.expect(checkout.heldSince + idleInTransactionMillis / 4)
  }

  /** Notes that a connection was released. */
  ended(checkout: Checkout<Connection>, heldMillis: number): void {
    if (this.#idle.size > 0) this.#idle.delete(checkout)
    if (!checkout.isReported) return
    const { watcher } = this.#watched
    const { operation } = checkout
    const callSite = callSiteOf(checkout)
    const message = `a connection came back after ${seconds(heldMillis)}; taken by ${takenBy({ operation, callSite })}`
    watcher.warn(message)
    if (watcher.hears('leakEnd')) watcher.tell('leakEnd', { heldMillis, operation, callSite, message })
  }

  /** The number of reported checkouts. */
  get reported(): number {
    return this.#reported
  }

  #reportLong(now: number): number {
    const { held, limits } = this.#watched
    for (const checkout of held) {
      const due = checkout.heldSince + limits.leakDetectionMillis
      if (due > now) return due
      if (!checkout.isReported) this.#report(checkout, 'held', now)
    }
    return Infinity
  }

  /** Checks four times per limit if anything was sent since the last check. */
  #reportIdle(now: number): number {
    const { held, limits, source } = this.#watched
    for (const checkout of held) {
      const connection = checkout.connection as Connection
      const mark = source.activityMark(connection)
      const known = this.#idle.get(checkout)
      if (source.activityOf(connection) !== 'idleInTransaction') this.#idle.delete(checkout)
      else if (known === undefined || known.mark !== mark) this.#idle.set(checkout, { since: now, mark })
      else if (now - known.since >= limits.idleInTransactionMillis && !checkout.isReported)
        this.#report(checkout, 'idleInTransaction', now)
    }
    return held.size === 0 ? Infinity : now + limits.idleInTransactionMillis / 4
  }

  #report(checkout: Checkout<Connection>, kind: LeakEvent['kind'], now: number): void {
    const { source, watcher, sites } = this.#watched
    checkout.isReported = true
    this.#reported++
    const { operation } = checkout
    const callSite = callSiteOf(checkout)
    const activity = source.activityOf(checkout.connection as Connection)
    const report = { kind, heldMillis: now - checkout.heldSince, operation, callSite, activity }
    const message = describe(report)
    sites.strike([checkout])
    watcher.warn(message)
    if (watcher.hears('leak')) watcher.tell('leak', { ...report, message })
  }
}

function takenBy(who: Pick<LeakEvent, 'operation' | 'callSite'>): string {
  return place(who) ?? 'a call whose line was not remembered (the next one of its kind will be)'
}

function describe(report: Omit<LeakEvent, 'message'>): string {
  const isLong = report.kind === 'held'
  const held = seconds(report.heldMillis)
  const rows = [
    isLong
      ? `a connection has been out for ${held}, longer than leakDetectionMillis`
      : `a transaction has been idle for longer than idleInTransactionMillis; its connection has been out for ${held}`,
    `  taken by   ${takenBy(report)}`,
    `  now        ${now[report.activity]}`,
    `  why        ${isLong ? why.held : why.idleInTransaction}`,
    `  instead    ${isLong ? instead.held : instead.idleInTransaction}`,
    '  docs       node_modules/@poolsafe/core/docs/checkout.md',
  ]
  return rows.join('\n')
}

const now: { readonly [Does in Activity]: string } = {
  running: 'a statement runs on it',
  unread: 'a cursor or a stream is open on it, whose reader does not read',
  idleInTransaction: 'nothing runs on it, and its transaction is open',
  idle: 'nothing runs on it, and no transaction is open',
  unknown: 'what it does is unknown',
}

const why = {
  held: 'while it is held no other call can use it; if it is never released the pool runs out of connections',
  idleInTransaction:
    'an open transaction keeps its connection, a server connection of the pooler, its locks and old row versions',
}

const instead = {
  held: 'give each connection back in a finally block, or use the calls that give it back by themselves: those for one statement, and those that run a transaction as a function',
  idleInTransaction: 'no HTTP call, no file and no waiting for a user inside a transaction: fetch first, then BEGIN',
}
