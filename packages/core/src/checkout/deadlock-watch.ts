import type { Checkout } from './checkout.ts'
import type { Clock } from '../measure/clock.ts'
import { deadlockOf } from './diagnosis.ts'
import type { Watcher } from './events.ts'
import { heldFrom } from './holding.ts'
import type { Activity, PoolState } from './pool-state.ts'
import type { Queue } from './queue.ts'
import { RecentCount } from '../measure/recent-count.ts'
import { callSiteOf, type CallSites } from './call-sites.ts'

/** How long nothing may move before the watch takes it for a deadlock. */
const graceMillis = 50

/**
 * The maximum number of callers watched at once. If many callers wait in one circle, the first few are enough to find
 * it.
 */
const mostSuspects = 8

/** The parts of a pool that a deadlock watch reads. */
export interface Circle<Connection> {
  readonly clock: Clock
  readonly source: {
    readonly max: number
    activityOf(connection: Connection): Activity
    activityMark(connection: Connection): unknown
  }
  readonly watcher: Watcher
  readonly sites: CallSites
  readonly held: Queue<Checkout<Connection>>
  /** Returns the present state of the pool. */
  readonly survey: () => PoolState
  readonly refuse: (checkout: Checkout<Connection>, error: Error) => void
}

/**
 * Detects that every holder is waiting for a second connection, so that none is released. Unawaited work inherits the
 * async context too. So a suspect counts only if it persists while no holder sends anything.
 */
export class DeadlockWatch<Connection> {
  readonly #circle: Circle<Connection>
  /** The deadlocks that were found recently. */
  readonly recent: RecentCount = new RecentCount()
  #found = 0
  #suspects = 0

  constructor(circle: Circle<Connection>) {
    this.#circle = circle
  }

  /** The number of deadlocks found. */
  get found(): number {
    return this.#found
  }

  /** Watches a call that starts to wait. Only a call that holds a connection itself can close the circle. */
  suspect(checkout: Checkout<Connection>): void {
    if (checkout.inside === undefined || this.#suspects >= mostSuspects || !this.isClosed(checkout)) return
    const before = this.#marks()
    this.#suspects++
    this.#circle.clock.after(graceMillis, () => {
      this.#suspects--
      // An import of node:util takes 3 ms in an ES module, because it evaluates every lazy export.
      const { isDeepStrictEqual } = process.getBuiltinModule('node:util')
      if (checkout.state === 'waiting' && this.isClosed(checkout) && isDeepStrictEqual(before, this.#marks()))
        this.#tell(checkout)
    })
  }

  /** Returns true if every holder of a connection waits for another one, and this call is among them. */
  isClosed(checkout: Checkout<Connection>): boolean {
    const { held, source } = this.#circle
    if (held.size < source.max) return false
    const inside = new Set<unknown>(heldFrom(checkout.inside))
    let isOurs = false
    for (const holder of held) {
      // Its caller has released it already, and the pool waits for its last answer.
      if (holder.waitingInside === 0 || holder.releasedAt !== undefined) return false
      if (source.activityOf(holder.connection as Connection) === 'running') return false
      if (inside.has(holder)) isOurs = true
    }
    return isOurs
  }

  /** Marks that show if anything was sent, released or acquired in the meantime. */
  #marks(): readonly unknown[] {
    const { held, source } = this.#circle
    return Array.from(held, ({ order, connection }) => [order, source.activityMark(connection as Connection)])
  }

  #tell(checkout: Checkout<Connection>): void {
    this.#found++
    this.recent.add(this.#circle.clock.now())
    const { watcher, sites, survey, refuse } = this.#circle
    const error = deadlockOf(checkout, survey())
    const refused = watcher.mode === 'strict'
    if (watcher.hears('deadlock')) watcher.tell('deadlock', { error, refused })
    if (refused) refuse(checkout, error)
    else if (sites.isNewReport(`${checkout.operation ?? ''} ${callSiteOf(checkout) ?? ''}`)) watcher.warn(error.message)
  }
}
