import type { SessionState } from '../rules/effect.ts'
import type { RuleId } from '../rules/index.ts'

/**
 * The handling of one kind of session state by a pooler when the transaction ends.
 *
 * - `kept`: the client keeps its server session for as long as it holds the connection
 * - `tracked`: restored for its owner on whichever server connection it gets
 * - `pinned`: the client keeps the server connection from then on
 * - `leaks`: stays on the server connection; strangers see it, the owner loses it
 * - `wiped`: removed; the owner loses it
 * - `rejected`: the pooler answers with an error
 * - `ignored`: the pooler answers as if it had done it, and does not
 */
export type Carried = 'kept' | 'tracked' | 'pinned' | 'leaks' | 'wiped' | 'rejected' | 'ignored'

/**
 * The claims of a profile about the pooler itself, in the words of messages: `mode`, `pooler`, `version` … poolsafe
 * compares the claims with the login and the URL. A profile without claims matches every pooler.
 */
export type Claims = Readonly<Record<string, string | number>>

/** The handling of each kind of session state by one pooler, at a version and with its settings. Plain data. */
export interface PoolerProfile {
  /** `pgbouncer`, `direct` … */
  readonly name: string
  /** For people: `PgBouncer 1.24, transaction mode`. */
  readonly label: string
  readonly carries: Readonly<Record<SessionState, Carried>>
  /** Lower-case names of the settings that it restores for each client, whatever `carries.setting` says. */
  readonly trackedSettings: ReadonlySet<string>
  /** Lower-case names of further settings that it treats in another way than `carries.setting` says. */
  readonly settings?: Readonly<Record<string, Carried>>
  /**
   * Lower-case names of startup parameters that it treats in another way than `carries` and `trackedSettings` say. The
   * key `options` says what the pooler does with that parameter. The key `*.*` covers every setting with a dot in its
   * name.
   */
  readonly startup?: Readonly<Record<string, Carried>>
  /** The handling of one rule's statements by a pooler that looks at statements and not at their effect. */
  readonly byRule?: { readonly [Id in RuleId]?: Carried }
  /**
   * Lower-case first words of statements that it answers itself, so that PostgreSQL does not run them. @default none
   */
  readonly answers?: readonly string[]
  /**
   * The place where users of this service find a direct connection, if it is not plain. Added to such a
   * remedy.
   */
  readonly directConnection?: string
  /** No pooler stands between the application and PostgreSQL, so no message mentions one. @default false */
  readonly isDirect?: boolean
  /** The facts that the profile assumes about the pooler. */
  readonly claims?: Claims
  /** The source of each cell of `carries`: a measurement, a source file, a page of documentation. */
  readonly sources?: Readonly<Record<SessionState, string>>
  /** The facts that the cells cannot express, each in one sentence. */
  readonly notes?: readonly string[]
}

/**
 * Every kind of session state carried in one way. An open transaction given back to a pool leaks everywhere, and
 * PostgreSQL itself closes the descriptors of large objects when a transaction ends.
 */
export function carriesAll(carried: Carried): Readonly<Record<SessionState, Carried>> {
  return {
    setting: carried,
    role: carried,
    'session-authorization': carried,
    'sql-prepared-statement': carried,
    'named-statement': carried,
    listen: carried,
    'temp-object': carried,
    'advisory-lock': carried,
    'held-cursor': carried,
    'sequence-value': carried,
    'random-seed': carried,
    library: carried,
    'large-object-descriptor': 'wiped',
    'replication-slot': carried,
    'replication-origin': carried,
    backup: carried,
    'dblink-connection': carried,
    'foreign-connection': carried,
    'hypothetical-index': carried,
    'session-variable': carried,
    'package-state': carried,
    'startup-parameter': carried,
    'backend-pid': carried,
    transaction: 'leaks',
  }
}
