import type { Clock } from '../measure/clock.ts'
import { CallSites } from './call-sites.ts'
import type { Checkout } from './checkout.ts'
import type { ConnectionSource } from './connection-source.ts'
import type { Hearing, Watcher } from './events.ts'
import type { Failure } from '../failure.ts'
import type { Timings } from '../measure/histogram.ts'
import { LeakWatch } from './leak-watch.ts'
import type { CheckoutLimits } from './limits.ts'
import { LostConnections } from './lost-connections.ts'
import type { Queue } from './queue.ts'
import { Measures, type PoolStatistics } from './statistics.ts'

/** The parts of a gate that a recorder reads. */
interface Recorded<Connection> {
  readonly clock: Clock
  readonly source: ConnectionSource<Connection>
  readonly limits: CheckoutLimits
  readonly watcher: Watcher
  /** The held connections, in the order of acquisition. */
  readonly held: Queue<Checkout<Connection>>
}

/** Counts, times and reports what happens to the connections of one pool. */
export class Recorder<Connection> {
  /** The name of the pool, for its events. */
  name: string | undefined = undefined
  readonly sites: CallSites
  /** Open connections that were lost. */
  readonly losses: LostConnections<Connection>
  readonly measures: Measures = new Measures()
  readonly #waits: Timings = this.measures.waits
  readonly #uses: Timings = this.measures.uses
  readonly #watcher: Watcher
  readonly #acquireHearing: Hearing
  readonly #releaseHearing: Hearing
  readonly #leaks: LeakWatch<Connection>

  constructor({ clock, source, limits, watcher, held }: Recorded<Connection>) {
    this.#watcher = watcher
    this.#acquireHearing = watcher.audience('acquire')
    this.#releaseHearing = watcher.audience('release')
    this.sites = new CallSites(limits.callSites, watcher)
    this.losses = new LostConnections({ clock, watcher, sites: this.sites })
    this.#leaks = new LeakWatch({ clock, source, limits, watcher, sites: this.sites, held })
  }

  /** Notes that a call acquired its connection. */
  acquired(checkout: Checkout<Connection>): void {
    const waitedMillis = checkout.heldSince - checkout.askedAt
    this.#waits.add(waitedMillis)
    if (this.#leaks.isOn) this.#leaks.started(checkout)
    if (!this.#acquireHearing.isThere) return
    this.#watcher.tell('acquire', { waitedMillis, operation: checkout.operation, pool: this.name })
  }

  /** Notes that a connection is back in the pool or closed. */
  released(checkout: Checkout<Connection>, heldMillis: number): void {
    this.#uses.add(heldMillis)
    if (this.#leaks.isOn) this.#leaks.ended(checkout, heldMillis)
    if (!this.#releaseHearing.isThere) return
    this.#watcher.tell('release', { heldMillis, operation: checkout.operation, pool: this.name })
  }

  /** Notes the answer to a BEGIN. Behind a pooler, that is the second half of the wait. */
  poolerWaited(poolerWaitMillis: number, operation: string | undefined): void {
    this.measures.poolerWaits.add(poolerWaitMillis)
    if (!this.#watcher.hears('poolerWait')) return
    this.#watcher.tell('poolerWait', { poolerWaitMillis, operation, pool: this.name })
  }

  /** Notes that the pool could not connect. @param isRetried true if the gate tries again for the same call */
  connectFailed(error: Error, failure: Failure | undefined, isRetried: boolean): void {
    this.measures.counts.connectFailures++
    if (this.#watcher.hears('connectFailure')) this.#watcher.tell('connectFailure', { error, failure, isRetried })
  }

  /** Returns the present state, and counts since the pool was guarded. Plain data. */
  statistics(
    now: Pick<PoolStatistics, 'max' | 'size' | 'idle' | 'active' | 'waiting'>,
    deadlocks: number,
  ): PoolStatistics {
    const found = { leaks: this.#leaks.reported, deadlocks, connectionsLost: this.losses.counts }
    return this.measures.statistics(now, found)
  }
}
