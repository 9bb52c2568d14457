import type { ConnectionLostError, LossReason } from '@poolsafe/core'
import type { Checkout, Gate } from '@poolsafe/core/internal'
import type { ClientLike, Connection, DriverFunction, PoolLike, Query } from './types.ts'
import type { GatedClient } from './present-checkout.ts'

/** Its listeners run before pg's own, which notify the application. */
type LivingConnection = Connection & {
  readonly [Method in 'prependListener' | 'on' | 'off']: (event: string, listener: (value: never) => void) => unknown
} & { once(event: string, listener: () => void): unknown }

/** A client of a gated pool, with its connection. A client of pg-native has no connection. */
export interface LivingClient extends GatedClient {
  readonly connection?: LivingConnection
  prependListener(event: 'error', listener: (error: unknown) => void): unknown
  /** True once the client was told to close: what follows is no loss. */
  readonly _ending?: boolean
  readonly _queryable?: boolean
  [lifeKey]?: Life
}

/**
 * The property of a client that holds its life. A map would cost more than all the rest. Other copies of this package
 * recognise the client of a gated pool by it.
 */
export const lifeKey: unique symbol = Symbol.for('poolsafe.life')

/** The guard's verdict on a client that is released inside an open transaction. */
export interface Verdict {
  /** The error that strict mode throws from `release()`. */
  readonly error: Error | undefined
  /** True if the caller has an error already, which matters more than ours. */
  readonly isKnown: boolean
}

/** The stay that the application ends by `client.release`. */
export interface Ending {
  end(error: unknown, entry: DriverFunction): unknown
}

/** Judges the stays of one client. */
export interface ReleaseJudge {
  /** Notes that a stay begins. */
  begin(): void
  /** Returns true for a client that `pool.query` has acquired. */
  isLent(): boolean
  /** @returns the error that must refuse a release by an earlier holder of the client */
  refuseSecond(entry: DriverFunction): Error | undefined
  /** @returns `undefined` if no transaction is open */
  judge(entry: DriverFunction): Verdict | undefined
}

/** The role that a server reports at login and when it changes, from PostgreSQL 14 on: `on` or `off`. */
export interface ServerRole {
  in_hot_standby?: string
  default_transaction_read_only?: string
}

/** The state of one connection of a pool. `ClientLife` keeps it. */
export interface Life {
  /** The report of the loss. */
  readonly loss: ConnectionLostError | undefined
  /**
   * Why the connection must not go back to the pool. `unanswered`: the client gave up a statement (`query_timeout`)
   * that has no answer or was never sent. `readOnly`: the server accepts no writes any more.
   */
  readonly unfitFor: 'unanswered' | 'readOnly' | undefined
  /** The role that the server reports now, and the one that it reported at login. */
  readonly role: ServerRole
  readonly atLogin: ServerRole
  /** When the login was complete, on the clock of `performance.now()`. */
  readonly openedAt: number
  /** Status byte of the last ReadyForQuery, for versions of pg that do not report it. */
  readonly status: string | undefined
  /** The number of the connection in this process. */
  readonly id: number
  /** The query that the server has answered with an error, until it reports the state of the session. */
  readonly failed: Query | undefined
  /** `client.release` of the present stay with the application; between stays, of the previous one. */
  readonly release: DriverFunction | undefined
  /** The last release, until the next stay begins. A call that uses the client in between comes too late. */
  released: Checkout<ClientLike> | undefined
  /** The present checkout, if the context of its call points to it. */
  readonly followed: Checkout<ClientLike> | undefined
  /** Judges releases; `undefined` without a guard. */
  judge: ReleaseJudge | undefined
  /** Ends in the place of the present stay: its checkout has moved to a direct connection. */
  movedTo: Ending | undefined
  readonly isSuspect: boolean
  readonly home: { readonly pool: PoolLike; readonly gate: Gate<ClientLike> }
  begin(release: DriverFunction | undefined): void
  opened(): void
  held(checkout: Checkout<ClientLike>): void
  giveUpFor(reason: LossReason): void
}

/** Returns the life of a client of a gated pool; `undefined` for any other client. */
export function knownLifeOf(client: ClientLike): Life | undefined {
  return (client as LivingClient)[lifeKey]
}
