import type { ConnectionLostError, LossReason } from '@poolsafe/core'
import type { Checkout, Gate } from '@poolsafe/core/adapter'
import type { ClientLike, Connection, DriverFunction, PoolLike } from './types.ts'
import type { GatedClient } from './present-checkout.ts'

/** Its listeners come before pg's own, which tell the application. */
type LivingConnection = Connection & {
  readonly [Method in 'prependListener' | 'on' | 'off']: (event: string, listener: (value: never) => void) => unknown
} & { once(event: string, listener: () => void): unknown }

/** A client of a gated pool, as far as its connection concerns it. That of pg-native has no connection. */
export interface LivingClient extends GatedClient {
  readonly connection?: LivingConnection
  prependListener(event: 'error', listener: (error: unknown) => void): unknown
  /** The client was told to close: what follows is no loss. */
  readonly _ending?: boolean
  readonly _queryable?: boolean
  [lifeKey]?: Life
}

/** Where a client keeps its life: a property, as a map would cost more than all the rest. */
export const lifeKey: unique symbol = Symbol('poolsafe.life')

/** What the guard says of a client that is released inside an open transaction. */
export interface Verdict {
  /** The error that strict mode throws from `release()`. */
  readonly error: Error | undefined
  /** The caller has an error in hand already, which is worth more than ours. */
  readonly isKnown: boolean
}

/** What judges the stays of one client. */
export interface ReleaseJudge {
  /** A stay begins. */
  begin(): void
  /** Returns true for a client that `pool.query` has borrowed. */
  isLent(): boolean
  /** @returns `undefined` where no transaction is open */
  judge(entry: DriverFunction): Verdict | undefined
}

/** What a server reports of itself at login and when it changes, from PostgreSQL 14 on: `on` or `off`. */
export interface ServerRole {
  in_hot_standby?: string
  default_transaction_read_only?: string
}

/** What is known of one connection of a pool. `ClientLife` keeps it. */
export interface Life {
  /** The report of the loss. */
  readonly loss: ConnectionLostError | undefined
  /**
   * Why the connection must not go back to the pool: the client gave up a statement (`query_timeout`) that the server
   * has not answered or never got, or the server takes no writes any more.
   */
  readonly unfitFor: 'unanswered' | 'readOnly' | undefined
  /** What the server reports of itself now, and what it reported at login. */
  readonly role: ServerRole
  readonly atLogin: ServerRole
  /** When the login was over, on the clock of `performance.now()`. */
  readonly openedAt: number
  /** Status byte of the last ReadyForQuery, for versions of pg that do not report it. */
  readonly status: string | undefined
  /** The number of the connection in this process. */
  readonly id: number
  /** The present stay with the application, and the one before it until then. */
  readonly stay: object | undefined
  /** `client.release` of that stay. */
  readonly release: DriverFunction | undefined
  /** The last release, until the next stay begins: a call that uses the client in between comes too late. */
  released: Checkout<ClientLike> | undefined
  /** The present checkout, if the context of its call knows it. */
  readonly followed: Checkout<ClientLike> | undefined
  /** Judges releases; `undefined` without a guard. */
  judge: ReleaseJudge | undefined
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
