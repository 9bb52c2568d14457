import { AsyncResource } from 'node:async_hooks'
import { isPoolsafeError, type Guard, type Layer, type PoolStatistics } from '@poolsafe/core'
import {
  acquisitions,
  AwaitChain,
  Checkout,
  Gate,
  hasStatementLimits,
  holdings,
  origins,
  sqlStateOf,
  type Execution,
  type Handover,
} from '@poolsafe/core/adapter'
import { controlOf } from './limits/client-control.ts'
import { hasWiredClients } from './limits/internals.ts'
import { clientsOf } from './idle-clients.ts'
import { limitPool } from './limits/limit-statements.ts'
import { applyOptions, type ResolvedPoolOptions } from './pool-options.ts'
import { lifeOf, type Home } from './client-life.ts'
import { knownLifeOf } from './living-client.ts'
import { watchNewClients } from './login.ts'
import { hearPool } from './pool-events.ts'
import { ReadOnlyWatch } from './read-only-watch.ts'
import { PoolSource } from './pool-source.ts'
import { observedPool } from './observed-pool.ts'
import { checkoutKey, poolKey, type GatedClient, type PoolOfClient } from './present-checkout.ts'
import { sqlOf, watchQueries } from './query-watch.ts'
import { throwFromHere, traceToCaller } from './throw-from-here.ts'
import type { ClientLike, DriverFunction, PoolLike } from './types.ts'

type Client = GatedClient

const gates = new WeakMap<object, Gate<ClientLike>>()

/** The gate before a pool; `undefined` for a pool that has none. */
export function gateOf(pool: object): Gate<ClientLike> | undefined {
  return gates.get(pool)
}

/**
 * How a guarded pool stands, and what happened since it was guarded. Plain data.
 *
 * @returns `undefined` for a pool that is not guarded
 */
export function poolStatistics(pool: object): PoolStatistics | undefined {
  return gates.get(pool)?.statistics()
}

/**
 * Puts a gate before a pool, in place: `pool.connect` and `pool.query` wait there, for as long as the limits allow, and
 * pg-pool is asked only for what it can give. Its events, counters and call forms stay.
 */
export function gatePool(
  pool: PoolLike,
  guard: Guard,
  options: ResolvedPoolOptions,
  layer: Layer = 'pg',
): Gate<ClientLike> {
  const { limits, line, notes } = applyOptions(pool, options)
  const source = new PoolSource(pool, pool.connect as DriverFunction)
  const gate = new Gate(source, limits, guard)
  gates.set(pool, gate)
  const readOnly = new ReadOnlyWatch(pool)
  const observed = observedPool(pool, gate, options.given.poolName, readOnly)
  gate.record.name = observed.name
  guard.pools.add(observed)
  // Where statements are limited, their limits measure the BEGIN too, with or without anyone who observes.
  const poolerWaited: PoolOfClient['poolerWaited'] = hasStatementLimits(limits)
    ? () => {}
    : (...args) => gate.record.poolerWaited(...args)
  const known: PoolOfClient = { name: observed.name, poolerWaited }
  watchClients({ pool, gate, readOnly }, source, (client) => {
    // Defined, as the checkout is: where many are assigned by a computed key, V8 turns the client into a slow
    // dictionary.
    Object.defineProperty(client, poolKey, { value: known })
    watchQueries(client, guard)
  })
  limitPool(pool, limits, guard, (client: Client) => {
    const operation = (): string | undefined => client[checkoutKey]?.operation
    return { operation, poolerWaited: (millis) => gate.record.poolerWaited(millis, operation()) }
  })
  gateConnect(pool, gate, guard, layer)
  // Prisma makes another pool after $disconnect, with its next query.
  gateEnd(pool, gate, () => (layer === 'prisma' ? guard.pools.delete(observed) : guard.pools.end(observed)))
  countWaiting(pool, gate)
  guard.info(`pool ${observed.name}: ${line}`)
  for (const note of notes) guard.warn(note)
  return gate
}

/**
 * For layers above: gates what they find below them, if it is a pool of node-postgres that has no gate yet.
 *
 * @param layer whose pool it is: what its statements are told to come through
 * @returns whether it is a pool, which observes its statements itself
 */
export function gateIfPool(driver: unknown, guard: Guard, options: ResolvedPoolOptions, layer: Layer): boolean {
  if (!isPool(driver)) return false
  if (!gates.has(driver)) gatePool(driver, guard, options, layer)
  return true
}

/** A pool counts its clients; a client, which has the same methods, does not. */
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
  hearPool(pool, 'connect', adopt)
  hearPool(pool, 'acquire', adopt)
  // Hears nothing, so that a connection that is lost while it is idle does not end a process without a listener.
  hearPool(pool, 'error', () => {})
  hearPool(pool, 'release', (client: Client) => {
    const checkout = client[checkoutKey]
    if (checkout !== undefined) {
      client[checkoutKey] = undefined
      gate.giveBack(checkout)
    } else if (!source.isTakingBack) gate.giveBackForeign()
    // pg-pool tells of it before it has put the client among the idle ones.
    if (gate.waitingCount > 0) process.nextTick(pump)
  })
}

function gateConnect(pool: PoolLike, gate: Gate<ClientLike>, { observer }: Guard, layer: Layer): void {
  const send = pool.query as DriverFunction
  /** What begins here ends at the wire, which clients of pg-native do not tell. */
  const watching = hasWiredClients(pool) ? observer : undefined
  /** True while `pool.query` of pg-pool asks for its connection, which it does at once. */
  let isQuery = false
  /** Of that query: it begins before it has its connection. */
  let execution: Execution | undefined

  function query(this: unknown, ...args: unknown[]): unknown {
    const sql = watching === undefined ? undefined : sqlOf(args[0])
    const begun = sql === undefined ? undefined : watching?.begin(sql, layer, query)
    execution = begun
    isQuery = true
    try {
      return Reflect.apply(send, pool, args)
    } catch (error) {
      neverSent(begun, error)
      throw error
    } finally {
      isQuery = false
    }
  }

  function connect(this: unknown, callback?: unknown): unknown {
    const isForQuery = isQuery
    isQuery = false
    if (typeof callback !== 'function') return connectPromise(pool, gate, layer, connect)
    const asking = isForQuery ? execution : undefined
    connectCallback(gate, callback as Handover<ClientLike>, { isForQuery, execution: asking, neverSent }, connect)
    return undefined
  }

  /** It got no connection: all its time was the wait for one. */
  function neverSent(begun: Execution | undefined, error: unknown): void {
    if (begun === undefined) return
    const now = performance.now()
    begun.sentAt = now
    begun.pool = gate.record.name
    observer?.end(begun, sqlStateOf(error) ?? '', now)
  }

  pool.query = query
  pool.connect = connect
}

type Entry = (...args: never[]) => unknown

/**
 * Who asks for a connection by a callback: `pool.query`, with its execution where that is observed, or the application.
 */
interface Asking {
  readonly isForQuery: boolean
  readonly execution: Execution | undefined
  readonly neverSent: (execution: Execution | undefined, error: unknown) => void
}

/**
 * pg-pool's callback is run in the context of whoever released the connection; here it runs in that of its own call.
 */
function connectCallback(gate: Gate<ClientLike>, callback: Handover<ClientLike>, asking: Asking, entry: Entry): void {
  let handOver = callback
  const checkout = gate.acquire(
    (error, client: Client | undefined, release) => {
      if (client === undefined) return process.nextTick(handOverFailure, handOver, error, asking)
      const taken = checkout as Checkout<ClientLike>
      client[checkoutKey] = taken
      taken.statement = asking.execution
      // A query is over before anyone could ask for a second connection inside it.
      if (asking.isForQuery) handOver(undefined, client, release)
      else {
        gate.flows.follow(taken)
        knownLifeOf(client)?.held(taken)
        holdings.run(taken, handOver, undefined, client, release)
      }
    },
    entry,
    asking.execution?.startedAt,
  )
  if (checkout instanceof Error) process.nextTick(handOverFailure, callback, checkout, asking)
  else if (checkout.state === 'waiting') handOver = inThisContext(callback)
}

function handOverFailure(
  handOver: Handover<ClientLike>,
  error: Error | undefined,
  { execution, neverSent }: Asking,
): void {
  neverSent(execution, error)
  handOver(error, undefined, noRelease)
}

/** What AsyncLocalStorage.bind() does, in a fortieth of its 10 µs. */
function inThisContext(callback: Handover<ClientLike>): Handover<ClientLike> {
  const context = new AsyncResource('poolsafe.connect')
  return (error, client, release) => context.runInAsyncScope(callback, undefined, error, client, release)
}

function connectPromise(pool: PoolLike, gate: Gate<ClientLike>, layer: Layer, entry: Entry): Promise<ClientLike> {
  const { Promise: PromiseOfPool = Promise } = pool as { Promise?: PromiseConstructor }
  const acquiring = acquisitions.getStore()
  let checkout: Checkout<ClientLike> | Error | undefined
  let thrown: { readonly error: unknown } | undefined
  let isCalling = true
  let hasFailed = false
  const promise = new PromiseOfPool<ClientLike>((resolve, reject) => {
    const handOver: Handover<ClientLike> = (error, client: Client | undefined) => {
      if (client === undefined) {
        hasFailed = isCalling
        if (isCalling) traceToCaller(error, entry)
        return reject(error)
      }
      client[checkoutKey] = checkout as Checkout<ClientLike>
      if ((checkout as Checkout<ClientLike>).isFollowed) knownLifeOf(client)?.held(checkout as Checkout<ClientLike>)
      if (acquiring !== undefined) acquiring.control = controlOf(client)
      resolve(client)
    }
    try {
      checkout = gate.acquire(handOver, entry, undefined, origins.getStore()?.acquireWithinMillis)
    } catch (error) {
      thrown = { error }
      return
    }
    if (checkout instanceof Error) {
      traceToCaller(checkout, entry)
      reject(checkout)
    }
  })
  isCalling = false
  // pg-pool throws from the call itself where no client can be made.
  if (thrown !== undefined) throw thrown.error
  if (checkout !== undefined && !(checkout instanceof Error)) {
    checkout.layer = acquiring === undefined ? layer : 'kysely'
    gate.flows.enter(checkout)
    if (acquiring !== undefined) acquiring.holding = checkout
    if (acquiring?.signal !== undefined) obey(acquiring.signal, gate, checkout, promise)
  }
  if (hasFailed || isCallersOwn(checkout)) return promise
  const isChained = PromiseOfPool === Promise && checkout instanceof Checkout && gate.flows.mayTakeChain(checkout)
  return isChained ? takenBy(promise, checkout as Checkout<ClientLike>) : promise.catch(throwFromHere)
}

/** pg-pool's own error of a pool that was ended, which has its stack. */
function isCallersOwn(checkout: unknown): boolean {
  return checkout instanceof Error && !isPoolsafeError(checkout)
}

/** Remembers who awaits the connection. */
async function takenBy(promise: Promise<ClientLike>, checkout: Checkout<ClientLike>): Promise<ClientLike> {
  const client = await promise.catch(throwFromHere)
  checkout.taken = new AwaitChain(takenBy)
  return client
}

/** Kysely hands an abort signal down to its driver, and the driver no further. */
function obey(
  signal: AbortSignal,
  gate: Gate<ClientLike>,
  checkout: Checkout<ClientLike>,
  promise: Promise<unknown>,
): void {
  const abort = (): void => gate.abort(checkout, signal.reason as Error)
  if (signal.aborted) return abort()
  const forget = (): void => signal.removeEventListener('abort', abort)
  signal.addEventListener('abort', abort)
  promise.then(forget, forget)
}

/** pg-pool never answers those that wait when it is ended. */
function gateEnd(pool: PoolLike, gate: Gate<ClientLike>, ended: () => void): void {
  const { end } = pool as { end?: DriverFunction }
  if (end === undefined) return
  Object.assign(pool, {
    end(...args: unknown[]): unknown {
      const result = Reflect.apply(end, pool, args)
      gate.end(new Error('Cannot use a pool after calling end on the pool'))
      ended()
      return result
    },
  })
}

/** Where a pool keeps who counts its waiting callers. */
const waitingKey = Symbol('poolsafe.waiting')

interface CountedPool extends PoolLike {
  readonly [waitingKey]: { readonly gate: Gate<ClientLike>; readonly prototype: object }
}

/** Those who wait at the gate are pg-pool's waiting callers to everyone who reads its counter. */
function countWaiting(pool: PoolLike, gate: Gate<ClientLike>): void {
  Object.defineProperty(pool, waitingKey, { value: { gate, prototype: Object.getPrototypeOf(pool) } })
  Object.defineProperty(pool, 'waitingCount', waitingCount)
}

/** One accessor for all pools: with one of its own, V8 would turn the second pool into a slow dictionary. */
const waitingCount: PropertyDescriptor & ThisType<CountedPool> = {
  configurable: true,
  enumerable: false,
  get() {
    const { gate, prototype } = this[waitingKey]
    return gate.waitingCount + Number(Reflect.get(prototype, 'waitingCount', this) ?? 0)
  },
}

/** Of an error: there is nothing to give back. */
function noRelease(): void {}
