import { errorMonitor } from 'node:events'
import type { ClientLike, DriverFunction, PoolLike } from './types.ts'

type Hear = (client: ClientLike) => void

/** The property of a pool that holds its hearers. */
const hearersKey = Symbol('poolsafe.hearers')

/** The property of a client that the hearers of new clients know. */
const knownKey = Symbol('poolsafe.known')

interface Hearers {
  /** They hear of new clients. */
  readonly client: Hear[]
  release: Hear | undefined
}

interface HeardPool extends PoolLike {
  emit: DriverFunction
  listenerCount(event: string | symbol): number
  readonly [hearersKey]?: Hearers
}

interface KnownClient extends ClientLike {
  readonly [knownKey]?: number
}

/**
 * Calls `hear` when a client goes back to a pool, before the pool's listeners run. From then on, the loss of an idle
 * connection does not crash a process without a listener. It wraps `pool.emit`, so that `removeAllListeners()` removes
 * nothing and `listenerCount()` counts only the application's listeners.
 */
export function hearReleases(pool: PoolLike, hear: Hear): void {
  hearersOf(pool as HeardPool).release = hear
}

/**
 * Calls `hear` once for each client that the pool connects or hands out, before any listener of `connect` and `acquire`
 * runs. Clients that the pool had before it was guarded are heard when they are next handed out.
 */
export function hearClients(pool: PoolLike, hear: Hear): void {
  hearersOf(pool as HeardPool).client.unshift(hear)
}

function hearersOf(pool: HeardPool): Hearers {
  if (pool[hearersKey] !== undefined) return pool[hearersKey]
  const hearers: Hearers = { client: [], release: undefined }
  Object.defineProperty(pool, hearersKey, { value: hearers })
  const { emit } = pool
  pool.emit = function emitHeard(event: unknown, first?: unknown, second?: unknown): unknown {
    if (event === 'acquire' || event === 'connect') hearClient(hearers.client, first)
    else if (event === 'release') {
      if (isClient(second)) hearers.release?.(second)
    } else if (event === 'error' && isClient(second) && hearers.release && pool.listenerCount('error') === 0)
      return emit.call(pool, errorMonitor, first, second)
    // pg-pool emits two events for each checkout, with one and two arguments. A rest parameter would allocate an array
    // each time.
    if (arguments.length === 2) return emit.call(pool, event, first)
    return arguments.length === 3 ? emit.call(pool, event, first, second) : Reflect.apply(emit, pool, [...arguments])
  }
  return hearers
}

/** The number of hearers that know a client tells if all of them do: that is one comparison for each checkout. */
function hearClient(hearers: readonly Hear[], client: unknown): void {
  if (!isClient(client)) return
  const { [knownKey]: known = 0 } = client as KnownClient
  if (known === hearers.length) return
  Object.defineProperty(client, knownKey, { value: hearers.length, writable: true })
  for (const hear of hearers) hear(client)
}

/** The application may emit events of these names itself. */
function isClient(value: unknown): value is ClientLike {
  return typeof value === 'object' && value !== null && 'query' in value
}
