import type { Activity, ConnectionSource, Handover, Release } from '@poolsafe/core/internal'
import { stateOf } from './guard-client.ts'
import { type HookOptions, PoolHooks } from './pool-hooks.ts'
import { serverOf, withoutAddress } from './server-address.ts'
import { isObserved, unreadMillisOf } from './query-watch.ts'
import type { ClientLike, DriverFunction, PoolLike } from './types.ts'
import { inherited } from './unpatched.ts'

/** Internals of pg-pool and of pg's client. */
interface PoolInternals {
  readonly options?: HookOptions & { readonly max?: number; connectionTimeoutMillis?: number }
  readonly totalCount: number
  readonly idleCount: number
}

interface ClientInternals {
  /** `true` exactly while nothing is on its way to the server; absent in the native client. */
  readonly readyForQuery?: boolean
  /** `false` once the connection is broken. */
  readonly _queryable?: boolean
  readonly connection?: { readonly stream?: { readonly bytesWritten?: number; isPaused?(): boolean } }
  /** The query that the server runs. */
  readonly _activeQuery?: CursorLike | null
  readonly activeQuery?: CursorLike | null
}

/** A cursor of pg-cursor, or a stream of pg-query-stream. */
interface CursorLike {
  /** `idle` while its reader has requested no rows. */
  readonly state?: unknown
  readonly cursor?: { readonly state?: unknown }
}

/** A reader that reads rows one by one pauses briefly each time. */
const shortestUnreadMillis = 100

/** pg-pool as a gate sees it. */
export class PoolSource implements ConnectionSource<ClientLike> {
  readonly #pool: PoolLike & PoolInternals
  readonly #connect: () => DriverFunction
  /** True if the address may be part of the password, because the pool's connection string is malformed. */
  readonly #hidesAddress: boolean
  #isTakingBack = false
  readonly #hooks: PoolHooks

  constructor(pool: PoolLike) {
    this.#pool = pool as PoolLike & PoolInternals
    this.#connect = inherited(pool, 'connect')
    this.#hooks = new PoolHooks(this.#pool.options)
    this.#hidesAddress = serverOf(pool).address === undefined
  }

  get max(): number {
    return this.#pool.options?.max ?? 10
  }

  get inHook(): number {
    return this.#hooks.inHook
  }

  get inPassword(): number {
    return this.#hooks.inPassword
  }

  isOfApplication(error: Error): boolean {
    return this.#hooks.failedWith(error)
  }

  get size(): number {
    return this.#pool.totalCount
  }

  get idle(): number {
    return this.#pool.idleCount
  }

  /** True while a connection goes back that arrived too late for its caller. */
  get isTakingBack(): boolean {
    return this.#isTakingBack
  }

  take(done: Handover<ClientLike>): void {
    const { options } = this.#pool
    const limit = options?.connectionTimeoutMillis
    // With an idle connection, pg-pool would start a timer that it does not stop if it has to open a new connection
    // after all. The call then fails, the attempt continues, and pg-pool has one more connection than its callers know
    // of.
    const isIdle = options !== undefined && limit !== undefined && this.idle > 0
    if (isIdle) options.connectionTimeoutMillis = 0
    try {
      const handOver = this.#hidesAddress ? hidingAddress(done) : done
      const returned = this.#connect().call(this.#pool, handOver)
      if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') void settleBy(returned, handOver)
    } finally {
      if (isIdle) options.connectionTimeoutMillis = limit
    }
  }

  takeBack(_client: ClientLike, release: Release): void {
    this.#isTakingBack = true
    try {
      release()
    } finally {
      this.#isTakingBack = false
    }
  }

  activityOf(client: ClientLike): Activity {
    const { readyForQuery, _queryable } = client as ClientInternals
    if (_queryable === false) return 'idle'
    if (readyForQuery === false) return isUnread(client) ? 'unread' : 'running'
    const status = client.getTransactionStatus?.()
    if (typeof status === 'string') return status === 'I' ? 'idle' : 'idleInTransaction'
    const state = stateOf(client)
    if (readyForQuery === undefined || state === undefined) return 'unknown'
    return state.transaction.current.isOpen ? 'idleInTransaction' : 'idle'
  }

  unreadMillis(client: ClientLike): number | undefined {
    return unreadMillisOf(client) || undefined
  }

  activityMark(client: ClientLike): unknown {
    return (client as ClientInternals).connection?.stream?.bytesWritten
  }
}

/** Returns true if the server or the socket waits for a reader of a cursor, a stream of rows or a COPY. */
function isUnread(client: ClientLike): boolean {
  const { connection, _activeQuery: active = (client as ClientInternals).activeQuery } = client as ClientInternals
  if (unreadMillisOf(client) >= shortestUnreadMillis) return true
  const isOpenCursor = (active?.cursor ?? active)?.state === 'idle'
  return connection?.stream?.isPaused?.() === true || (isOpenCursor && !isObserved(client))
}

function hidingAddress(done: Handover<ClientLike>): Handover<ClientLike> {
  return (error, client, release) => done(error === undefined ? undefined : withoutAddress(error), client, release)
}

/**
 * Settles by a returned promise, because a subclass whose own `connect` only returns a promise never calls back. One
 * that passes the callback on resolves with no client.
 */
async function settleBy(returned: unknown, handOver: Handover<ClientLike>): Promise<void> {
  let client: (ClientLike & { readonly release: Release }) | undefined
  try {
    client = (await returned) as typeof client
  } catch (error) {
    handOver(error as Error, undefined, () => {})
    return
  }
  if (client !== undefined) handOver(undefined, client, client.release)
}
