import type { PgBouncerServer, PostgresServer } from '@poolsafe/testing/servers'
import type pg from 'pg'
import type { Standby } from '../support/servers/standby.ts'
import { userPrefix, type Application } from './applications.ts'
import type { Pose } from './application/layer.ts'
import type { Proxy } from '../support/servers/proxy.ts'

/** The servers of the applications, and the functions that disturb them. */
export interface Stage {
  readonly server: PostgresServer
  /** Between the applications and PostgreSQL or PgBouncer. */
  readonly proxy: Proxy
  /** A superuser's connection that goes round everything. */
  readonly admin: pg.Client
  readonly applications: readonly Application[]
  pooler: PgBouncerServer | undefined
  /** The standby that has taken the place of the server, after a failover. */
  successor: Standby | undefined
  /** The server's statistics of the applications' connections: those in this state. */
  sessions(state: string): Promise<number>
}

/** One thing that goes wrong, for a while. */
export interface Fault {
  readonly name: string
  /** The activity of the callers when the fault begins. @default 'busy' */
  readonly pose?: Pose
  /** True if the fault ends its server, so that it needs one of its own. @default false */
  readonly hasOwnServer?: boolean
  /**
   * Milliseconds that calls must wait before they notice: the limit of a statement, and 2 s without an answer. @default
   * 0
   */
  readonly unnoticedMillis?: number
  /** True if it belongs to the short run (`--short`), which has one of each kind. @default false */
  readonly isInShortRun?: boolean
  /** True if PgBouncer stands before the server. @default false */
  readonly isPooled?: boolean
  /**
   * True if checkouts move to direct connections, to which the fault happens. PgBouncer stands before the server for
   * all others. Layers without a direct pool leave it out.
   */
  readonly isDirect?: boolean
  /** An error of the server's own that this must bring to the application as it is. */
  readonly brings?: string
  /** Its settings. */
  readonly pooler?: Readonly<Record<string, string>>
  /** Makes it go wrong. @returns what ends it */
  cause(stage: Stage): Promise<() => Promise<void>>
}

/** How long things are wrong. */
export const faultMillis = 700

/** Longer than every limit of the applications together. */
export const frozenMillis = 4000

/** The most connections of each application. */
export const connectionLimit = 12

/** All connections of the applications, for a WHERE clause over `pg_stat_activity`. */
export const ofApplications = `usename LIKE '${userPrefix.replace('_', String.raw`\_`)}%'`
