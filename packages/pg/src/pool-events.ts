import type { ClientLike, DriverFunction, PoolLike } from './types.ts'

/** What pg-pool does with a client, by the name of its event. `error` concerns a client that was idle. */
type PoolEvent = 'connect' | 'acquire' | 'release' | 'error'

type Hear = (client: ClientLike) => void

/** Where a pool keeps who hears its events. */
const hearersKey = Symbol('poolsafe.hearers')

type Hearers = { readonly [Event in PoolEvent]: Hear[] }

interface HeardPool extends PoolLike {
  emit: DriverFunction
  listenerCount(event: string | symbol): number
  readonly [hearersKey]?: Hearers
}

/**
 * Hears an event of a pool before its listeners do. It reads `pool.emit`, so that `removeAllListeners()` takes nothing
 * away and
 * `listenerCount()` stays the application's own.
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
      // Without a listener, Node would end the process for a connection that nobody was using.
      if (event === 'error' && pool.listenerCount('error') === 0) return false
    }
    // pg-pool emits two events for each checkout, with one and with two arguments: a list of them would be made each
    // time.
    if (arguments.length === 2) return emit.call(pool, event, first)
    return arguments.length === 3 ? emit.call(pool, event, first, second) : Reflect.apply(emit, pool, [...arguments])
  }
  return hearers
}

/**
 * The client that an event of pg-pool is about; `undefined` for every other event, which the application may emit
 * itself.
 */
function clientOf(event: unknown, first: unknown, second: unknown): ClientLike | undefined {
  if (event === 'acquire' || event === 'connect') return asClient(first)
  return event === 'release' || event === 'error' ? asClient(second) : undefined
}

function asClient(value: unknown): ClientLike | undefined {
  return typeof value === 'object' && value !== null && 'query' in value ? (value as ClientLike) : undefined
}
