import type { ClientLike, DriverFunction, PoolLike } from './types.ts'

/** Events of pg-pool about a client. `error` concerns an idle client. */
type PoolEvent = 'connect' | 'acquire' | 'release' | 'error'

type Hear = (client: ClientLike) => void

/** The property of a pool that holds its hearers. */
const hearersKey = Symbol('poolsafe.hearers')

type Hearers = { readonly [Event in PoolEvent]: Hear[] }

interface HeardPool extends PoolLike {
  emit: DriverFunction
  listenerCount(event: string | symbol): number
  readonly [hearersKey]?: Hearers
}

/**
 * Calls `hear` for an event of a pool before its listeners run. It wraps `pool.emit`, so that `removeAllListeners()`
 * removes nothing and `listenerCount()` counts only the application's listeners.
 */
export function hearPool(pool: PoolLike, event: PoolEvent, hear: Hear): void {
  hearersOf(pool as HeardPool)[event].unshift(hear)
}

function hearersOf(pool: HeardPool): Hearers {
  if (pool[hearersKey] !== undefined) return pool[hearersKey]
  const hearers: Hearers = { connect: [], acquire: [], release: [], error: [] }
  Object.defineProperty(pool, hearersKey, { value: hearers })
  const { emit } = pool
  pool.emit = function emitHeard(event: unknown, first?: unknown, second?: unknown): unknown {
    const client = clientOf(event, first, second)
    if (client !== undefined) {
      for (const hear of hearers[event as PoolEvent]) hear(client)
      // Without a listener, the loss of an idle connection would crash the process.
      if (event === 'error' && pool.listenerCount('error') === 0) return false
    }
    // pg-pool emits two events for each checkout, with one and two arguments. A rest parameter would allocate an array
    // each time.
    if (arguments.length === 2) return emit.call(pool, event, first)
    return arguments.length === 3 ? emit.call(pool, event, first, second) : Reflect.apply(emit, pool, [...arguments])
  }
  return hearers
}

/**
 * Returns the client that an event of pg-pool is about; `undefined` for every other event, which the application may
 * emit itself.
 */
function clientOf(event: unknown, first: unknown, second: unknown): ClientLike | undefined {
  if (event === 'acquire' || event === 'connect') return asClient(first)
  return event === 'release' || event === 'error' ? asClient(second) : undefined
}

function asClient(value: unknown): ClientLike | undefined {
  return typeof value === 'object' && value !== null && 'query' in value ? (value as ClientLike) : undefined
}
