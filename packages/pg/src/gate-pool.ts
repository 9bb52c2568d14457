import type { PoolStatistics } from '@poolsafe/core'
import type { Layer, Engine } from '@poolsafe/core/adapter'
import { Gate, hasStatementLimits } from '@poolsafe/core/internal'
import { clientsOf } from './idle-clients.ts'
import { limitPool } from './limits/limit-statements.ts'
import { applyOptions, type ResolvedPoolOptions } from './pool-options.ts'
import { lifeOf, type Home } from './client-life.ts'
import { watchNewClients } from './login.ts'
import { hearClients, hearReleases } from './pool-events.ts'
import { ReadOnlyWatch } from './read-only-watch.ts'
import { patchCalls } from './pool-calls.ts'
import { PoolSource } from './pool-source.ts'
import { observedPool } from './observed-pool.ts'
import { checkoutKey, poolKey, type GatedClient, type PoolOfClient } from './present-checkout.ts'
import { watchQueries } from './query-watch.ts'
import type { ClientLike, PoolLike } from './types.ts'
import { inherited } from './unpatched.ts'

type Client = GatedClient

const gates = new WeakMap<object, Gate<ClientLike>>()

/**
 * Returns the statistics of a guarded pool: its present state, and counts since it was guarded. Plain data.
 *
 * @returns `undefined` for a pool that is not guarded
 */
export function poolStatistics(pool: object): PoolStatistics | undefined {
  return gates.get(pool)?.statistics()
}

/**
 * Puts a gate before a pool, in place. `pool.connect` and `pool.query` wait there, within the limits, and the gate asks
 * pg-pool only for connections that it can provide. The pool's events, counters and call forms stay.
 *
 * @param layer the layer that its statements come through
 * @param isJudged true if the guard judges its statements here, and not in a layer above
 */
export function gatePool(
  pool: PoolLike,
  guard: Engine,
  options: ResolvedPoolOptions,
  layer: Layer = 'pg',
  isJudged: boolean = false,
): GatedPool {
  const { limits, line, notes } = applyOptions(pool, options)
  const source = new PoolSource(pool)
  const gate = new Gate(source, limits, guard)
  gates.set(pool, gate)
  const readOnly = new ReadOnlyWatch(pool)
  const observed = observedPool(pool, gate, options.given.poolName, readOnly)
  gate.record.name = observed.name
  guard.pools.add(observed)
  // If statements are limited, the limits measure the BEGIN too, with or without an observer.
  const poolerWaited: PoolOfClient['poolerWaited'] = hasStatementLimits(limits)
    ? () => {}
    : (...args) => gate.record.poolerWaited(...args)
  const known: PoolOfClient = { name: observed.name, poolerWaited }
  watchClients({ pool, gate, readOnly }, source, (client) => {
    // Defined as a property, like the checkout: after many assignments by a computed key, V8 turns the client into a
    // slow dictionary.
    Object.defineProperty(client, poolKey, { value: known })
    watchQueries(client, guard)
  })
  limitPool(pool, limits, guard, (client: Client) => {
    const operation = (): string | undefined => client[checkoutKey]?.operation
    return { operation, poolerWaited: (millis) => gate.record.poolerWaited(millis, operation()) }
  })
  patchCalls({ pool, gate, guard, layer, isJudged })
  // After $disconnect, Prisma creates another pool for its next query.
  gateEnd(pool, gate, () => (layer === 'prisma' ? guard.pools.delete(observed) : guard.pools.end(observed)))
  countWaiting(pool, gate)
  guard.info(`pool ${observed.name}: ${line}`)
  for (const note of notes) guard.warn(note)
  return { gate, source }
}

/** The gate and its parts in front of a pool. */
export interface GatedPool {
  readonly gate: Gate<ClientLike>
  readonly source: PoolSource
}

/** Returns the gate of a guarded pool. */
export function gateOf(pool: object): Gate<ClientLike> | undefined {
  return gates.get(pool)
}

/**
 * For layers above: gates the pool of node-postgres below them, if it has no gate yet.
 *
 * @param layer the owner of the pool: the layer that reports name for its statements
 * @returns true if it is a pool, which observes its statements itself
 */
export function gateIfPool(driver: unknown, guard: Engine, options: ResolvedPoolOptions, layer: Layer): boolean {
  if (!isPool(driver)) return false
  if (!gates.has(driver)) gatePool(driver, guard, options, layer)
  return true
}

/** Returns true for a pool. A pool counts its clients; a client, which has the same methods, does not. */
export function isPool(driver: unknown): driver is PoolLike {
  if (typeof driver !== 'object' || driver === null || !('totalCount' in driver)) return false
  const { prependListener, query, connect } = driver as Partial<PoolLike>
  return typeof prependListener === 'function' && typeof query === 'function' && typeof connect === 'function'
}

function watchClients(home: Home, source: PoolSource, adopted: (client: Client) => void): void {
  const { pool, gate } = home
  const adopt = (client: Client): void => {
    const life = lifeOf(client, home)
    if (checkoutKey in client) return
    Object.defineProperty(client, checkoutKey, { value: undefined, writable: true })
    life.opened()
    adopted(client)
  }
  const pump = (): void => gate.pump()
  watchNewClients(pool, (client) => lifeOf(client, home))
  for (const client of clientsOf(pool)) adopt(client)
  hearClients(pool, adopt)
  hearReleases(pool, (client: Client) => {
    const checkout = client[checkoutKey]
    if (checkout !== undefined) {
      client[checkoutKey] = undefined
      gate.giveBack(checkout)
    } else if (!source.isTakingBack) gate.capacity.giveBackForeign()
    // pg-pool emits this before it has put the client among the idle ones.
    if (gate.waitingCount > 0) process.nextTick(pump)
  })
}

/** pg-pool never answers its waiting callers when it is ended. */
function gateEnd(pool: PoolLike, gate: Gate<ClientLike>, ended: () => void): void {
  if (!('end' in pool)) return
  const end = inherited(pool, 'end')
  Object.assign(pool, {
    end(...args: unknown[]): unknown {
      const result = Reflect.apply(end(), pool, args)
      gate.end(new Error('Cannot use a pool after calling end on the pool'))
      ended()
      return result
    },
  })
}

/**
 * The property of a gated pool that counts its waiting callers. Other copies of this package recognise the pool by it.
 */
export const waitingKey: unique symbol = Symbol.for('poolsafe.waiting')

interface CountedPool extends PoolLike {
  readonly [waitingKey]: { readonly gate: Gate<ClientLike>; readonly prototype: object }
}

/** Adds the callers that wait at the gate to pg-pool's own counter of waiting callers. */
function countWaiting(pool: PoolLike, gate: Gate<ClientLike>): void {
  Object.defineProperty(pool, waitingKey, { value: { gate, prototype: Object.getPrototypeOf(pool) } })
  Object.defineProperty(pool, 'waitingCount', waitingCount)
}

/** All pools share one accessor: with one of its own, V8 would turn the second pool into a slow dictionary. */
const waitingCount: PropertyDescriptor & ThisType<CountedPool> = {
  configurable: true,
  enumerable: false,
  get() {
    const { gate, prototype } = this[waitingKey]
    return gate.waitingCount + Number(Reflect.get(prototype, 'waitingCount', this) ?? 0)
  },
}
