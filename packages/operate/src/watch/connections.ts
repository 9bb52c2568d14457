/**
 * Why a connection is spared, or `close`.
 *
 * - `application`: another application's, or poolsafe's own
 * - `database`: of another database
 * - `superuser`, `role`: a superuser that is not named, or a role that is not
 * - `denied`: the watch's role may not end it; it is neither a member of that role nor of `pg_signal_backend`
 * - `hidden`: the watch's role cannot see its state
 * - `transaction`: in a transaction
 * - `active`: it runs a statement, or waits for something else than its client
 * - `locks`: it holds locks; outside a transaction these are advisory locks
 * - `session`: it has temporary objects, a replication slot or a backup, or its last statement was LISTEN
 * - `pooler`: a pooler's server connection
 * - `recent`: not idle for long enough
 */
export type Verdict =
  | 'application'
  | 'database'
  | 'superuser'
  | 'role'
  | 'denied'
  | 'hidden'
  | 'transaction'
  | 'active'
  | 'locks'
  | 'session'
  | 'pooler'
  | 'recent'
  | 'close'

/** A connection that was closed, or would be. */
export interface ClosedConnection {
  /** The process of a server connection; the number of a client of PgBouncer. */
  readonly pid: number
  readonly application: string
  /** The pattern of `applications` that it matches. */
  readonly pattern: string
  readonly role: string
  readonly database: string
  /** The address of the client; null for a socket in the file system. */
  readonly address: string | null
  readonly idleMillis: number
}

/** Connections that are alike. */
export interface ConnectionGroup {
  readonly application: string
  readonly role: string
  readonly database: string
  readonly verdict: Verdict
  readonly count: number
}

/** How full the server is. */
export interface Use {
  /** Connections of clients. */
  readonly used: number
  /** Connections that clients without special rights can have. */
  readonly slots: number
}

/** The answer of the statement that closes. */
export interface Act extends Use {
  /** True if no other watch is at work. */
  readonly isMine: boolean
  readonly closed: readonly ClosedConnection[]
  /** Closed connections whose process has not ended within five seconds. */
  readonly remaining: number
  /** The largest groups first, at most 20. */
  readonly groups: readonly ConnectionGroup[]
}
