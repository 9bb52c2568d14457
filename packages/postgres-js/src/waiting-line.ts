import type { Engine, Site } from '@poolsafe/core/adapter'
import { framesOf, Gate, performance, readStack, type Checkout, type CheckoutLimits } from '@poolsafe/core/internal'
import type { Query } from './driver.ts'
import { siteOfQuery } from './query-class.ts'
import { noRelease, SqlSource, Use } from './sql-source.ts'

/** A call that needs a connection. */
export interface Call {
  readonly site: Site
  readonly use: Use
  /** Called when it has its connection. Without this, its stay is not followed. */
  readonly arrived?: (checkout: Checkout<Use>) => void
  /** Called when it gets none: once at most, and only while the call waits. */
  readonly denied: (error: Error) => void
}

/** Follows the calls of one pool that wait for a connection in the queue of postgres.js, and those that hold one. */
export class WaitingLine {
  readonly gate: Gate<Use>
  readonly #source: SqlSource
  /** The queries of the pool without an answer, each with its checkout if it waits or holds up others. */
  readonly #queries = new Map<Query, Checkout<Use> | undefined>()
  /** When queries that waited got a connection; `Infinity` before. */
  readonly #sentAt = new WeakMap<Query, number>()

  constructor(max: number, limits: CheckoutLimits, guard: Engine) {
    this.#source = new SqlSource(max)
    this.gate = new Gate(this.#source, limits, guard)
  }

  /** Notes that postgres.js has got a query of the pool. */
  sent(query: Query, denied: (error: Error) => void): void {
    this.#queries.set(query, undefined)
    if (query.state !== null) return
    const deny = (error: Error): void => {
      denied(error)
      withdraw(query)
    }
    const use = new Use()
    use.running = 1
    this.#queries.set(query, this.waits(query, { site: siteOfQuery(query), use, denied: deny }))
  }

  /** Notes that a query of the pool has its answer, or has failed. */
  ended(query: Query, error?: unknown): void {
    const checkout = this.#queries.get(query)
    this.#queries.delete(query)
    if (checkout !== undefined) this.giveBack(checkout, error)
  }

  /** Resolves when each query of the pool has its answer. */
  answered(): Promise<unknown> {
    return Promise.allSettled(this.#queries.keys())
  }

  /**
   * Lets a call wait until postgres.js has a connection for its query.
   *
   * @returns `undefined` if the call was denied at once
   */
  waits(query: Query, call: Call): Checkout<Use> | undefined {
    emptiedByCancel(query)
    const checkout = this.queue(call)
    this.#sentAt.set(query, Infinity)
    if (checkout !== undefined)
      whenSent(query, () => {
        this.#sentAt.set(query, performance.now())
        this.arrives(checkout, call)
      })
    return checkout
  }

  /** Returns when a query that waited got a connection: `Infinity` if it got none, `undefined` if it did not wait. */
  sentAtOf(query: Query): number | undefined {
    return this.#sentAt.get(query)
  }

  /** Queues a call whose arrival the caller reports by {@link arrives}. */
  queue(call: Call): Checkout<Use> | undefined {
    this.#followHolders()
    this.#source.waiting++
    const checkout = this.#ask(call, true)
    if (checkout === undefined) this.#source.waiting--
    return checkout
  }

  /** @returns `false` if the call was denied before */
  arrives(checkout: Checkout<Use>, { use, arrived }: Call): boolean {
    if (checkout.state !== 'waiting') return false
    this.#source.waiting--
    this.#source.held++
    this.gate.arrived(checkout, use, noRelease)
    if (arrived === undefined) this.giveBack(checkout)
    else arrived(checkout)
    return true
  }

  /** Notes that a call has its connection, for which it did not wait. */
  holds(call: Call): void {
    const checkout = this.#ask(call, false)
    if (checkout === undefined) return
    this.#source.held++
    call.arrived?.(checkout)
  }

  /** Notes that a call has released its connection, or waits no longer because it has failed. */
  giveBack(checkout: Checkout<Use>, error?: unknown): void {
    if (checkout.state === 'waiting') return this.gate.abort(checkout, error as Error)
    if (checkout.state !== 'held') return
    this.#source.held--
    this.gate.giveBack(checkout)
  }

  #ask({ site, use, denied }: Call, mustWait: boolean): Checkout<Use> | undefined {
    this.#source.mustWait = mustWait
    this.#source.arriving = use
    const receive = (error: Error | undefined): void => {
      if (error === undefined) return
      this.#source.waiting--
      denied(fromCallSite(error, site))
    }
    const asked = this.gate.acquire({ receive }, site)
    this.#source.mustWait = true
    if (asked instanceof Error) {
      denied(fromCallSite(asked, site))
      return undefined
    }
    asked.layer = 'postgres-js'
    return asked
  }

  /** Makes the queries that the server runs holders of connections, because they hold up those that wait. */
  #followHolders(): void {
    for (const [query, checkout] of this.#queries) {
      if (checkout !== undefined || !query.active) continue
      const use = new Use()
      use.running = 1
      const arrived = (held: Checkout<Use>): void => void this.#queries.set(query, held)
      this.holds({ site: siteOfQuery(query), use, arrived, denied: () => {} })
    }
  }
}

/** Calls back when a connection of postgres.js gets the query. */
function whenSent(query: Query, sent: () => void): void {
  const target: object = query
  const plain = { configurable: true, enumerable: true }
  const set = (value: object | null): void => {
    Object.defineProperty(target, 'state', { ...plain, writable: true, value })
    if (value !== null) sent()
  }
  Object.defineProperty(target, 'state', { ...plain, get: () => null, set })
}

/** Takes a waiting query out of the queue of postgres.js. */
export function withdraw(query: Query): void {
  query.cancel()
}

/**
 * `cancel()` takes a waiting query out of the queue of postgres.js. The first query of a new connection is not in it:
 * postgres.js sends it when the connection is open, and would lose the connection forever if it were cancelled. So it
 * becomes empty.
 */
function emptiedByCancel(query: Query): void {
  const { canceller } = query
  query.canceller = (given) => {
    const waits = given.state === null
    canceller(given)
    if (waits) makeEmpty(given)
  }
}

function makeEmpty(query: Query): void {
  query.cancelled = null
  query.tagged = false
  query.strings = ['']
  query.args = []
  Object.assign(query.options, { simple: true, onexecute: undefined })
}

/** Gives an error the stack of its call site: a wait ends in a timer, whose own stack leads nowhere. */
function fromCallSite(error: Error, site: Site): Error {
  const frames = framesOf(readStack(site))
  if (frames !== '')
    Object.defineProperty(error, 'stack', {
      value: `${error.name}: ${error.message}\n${frames}`,
      configurable: true,
      writable: true,
    })
  return error
}
