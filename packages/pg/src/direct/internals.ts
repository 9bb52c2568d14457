import type { Gate } from '@poolsafe/core/internal'
import type { PoolSource } from '../pool-source.ts'
import type { ClientLike, Connection, DriverFunction, PoolLike, WiredClient } from '../types.ts'
import type { DirectPool } from './direct-pool.ts'

/** The internals of pg-pool that a moving checkout needs. */
export interface MovablePool extends PoolLike {
  _clients: readonly ClientLike[]
  readonly ending?: boolean
  readonly options: { readonly maxLifetimeSeconds?: number; readonly maxUses?: number }
  emit: DriverFunction
  /** Opens a connection for one caller: `new this.Client(this.options)`, login, hooks, events. */
  newClient(pending: {
    callback(error: Error | undefined, client: ClientLike | undefined, release: () => void): void
  }): void
}

/** The internals of a pg client that a moving checkout needs. */
export interface MovableClient extends WiredClient {
  readonly constructor: { readonly Query?: new () => object }
  readonly _Promise?: PromiseConstructor
  readonly connectionParameters?: { readonly query_timeout?: unknown }
  _types?: unknown
  binary?: unknown
  _poolUseCount?: number
  connection: WireConnection
  emit(event: string | symbol, ...args: unknown[]): boolean
}

/** The connection object of a pg client. It keeps the socket, and what was prepared on it. */
export interface WireConnection extends Connection {
  connect: DriverFunction
  readonly parsedStatements?: Record<string, unknown>
  readonly submittedNamedStatements?: Record<string, unknown>
  eventNames(): (string | symbol)[]
  listeners(event: string): (() => void)[]
  removeAllListeners(event: string | symbol): unknown
  on(event: string, listener: (message: never) => void): unknown
  once(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** The pool of a client that may move. */
export interface MovableHome {
  readonly pool: MovablePool
  readonly gate: Gate<ClientLike>
  readonly source: PoolSource
  readonly direct: DirectPool
}
