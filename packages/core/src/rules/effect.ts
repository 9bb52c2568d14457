/**
 * The kinds of state that PostgreSQL keeps for one server session.
 *
 * Source: PostgreSQL's `DiscardAll()` (src/backend/commands/discard.c) and the chapters of SET, PREPARE, LISTEN, CREATE
 * TABLE, explicit locking, DECLARE, sequence functions, `setseed`, LOAD, large objects, replication and backup; and the
 * extensions that keep something of their own in the server process.
 */
export type SessionState =
  | 'setting'
  | 'role'
  | 'session-authorization'
  | 'sql-prepared-statement'
  | 'named-statement'
  | 'listen'
  | 'temp-object'
  | 'advisory-lock'
  | 'held-cursor'
  | 'sequence-value'
  | 'random-seed'
  | 'library'
  | 'large-object-descriptor'
  | 'replication-slot'
  | 'replication-origin'
  | 'backup'
  | 'dblink-connection'
  | 'foreign-connection'
  | 'hypothetical-index'
  | 'session-variable'
  | 'package-state'
  | 'startup-parameter'
  | 'backend-pid'
  | 'transaction'

/** One thing that one statement does to session state. */
export interface Effect {
  /**
   * - `leaves`, `needs`, `clears`: state of the server session
   * - `undoes`: only removes what the same transaction left
   * - `ineffective`: does nothing in this place
   * - `unknown`: cannot be determined
   */
  readonly does: 'leaves' | 'needs' | 'clears' | 'undoes' | 'ineffective' | 'unknown'
  readonly state: SessionState
  /**
   * The statement's construct in SQL words, for messages: `SET statement_timeout`. Never holds a literal of the
   * statement.
   */
  readonly what: string
  /**
   * The circumstances in which the effect does harm: anywhere, only outside or inside a transaction, or only on a
   * connection borrowed for one statement.
   */
  readonly when: 'always' | 'autocommit' | 'transaction' | 'unpinned'
  /**
   * The name of what is left, needed, cleared or undone: a setting in lower case, a table, a cursor, a channel. Pairs
   * what is left with what takes it back, and names the setting to a pooler that tracks it. May come from a literal: it
   * is never shown. Absent for all of its kind (`RESET ALL`), or where the text does not tell.
   */
  readonly object?: string
  /**
   * The text does not show that it surely runs, once, on one known object: a condition, a row that may not be there, a
   * name that is a parameter. What is left counts all the same; but it takes nothing back.
   */
  readonly isUncertain?: true
  /** The object's name from here on: what was left under the old one is now left under this one. */
  readonly becomes?: string
  /**
   * Set for a setting that the transaction alone puts back to its default: RESET ALL passes over it from then on, and
   * COMMIT restores the value of the session (measured on PostgreSQL 18).
   */
  readonly masks?: true
  /** A statement that takes back everything of this kind does not affect it. */
  readonly isMasked?: true
  /** It names a temporary object without its schema. */
  readonly isUnqualified?: true
  /** From here on, a name without a schema may mean a permanent object instead of a temporary one. */
  readonly hides?: true
  /** From here on, an object without a schema is temporary if no schema before pg_temp in the search path exists. */
  readonly mayMakeTemporary?: true
  /** In a routine: it changes nothing after the transaction if this parameter, counted from 1, is true. */
  readonly localIf?: number
  /** In a routine: it happens only in calls that leave out this parameter, counted from 1. */
  readonly ifOmitted?: number
  /** A part of the same statement that runs before it may fail, with what went before in place. */
  readonly followsFallible?: true
  /** The statement was repaired: the effect ends with its transaction. It is followed, and never reported. */
  readonly isRepaired?: true
  /** The statement that poolsafe sends behind the end of the transaction, to remove what the effect leaves. */
  readonly clearing?: string
  /** The objects of the database that lead to it, the nearest first. Absent for what the text itself does. */
  readonly via?: readonly string[]
  /** The outcome, if it is known for a fact. No profile is asked then. */
  readonly told?: Told
}

/** A known fact and its consequence. In a message it follows {@link Effect.what}. */
export interface Told {
  readonly outcome: 'leaks' | 'wiped' | 'lost' | 'ineffective' | 'unknown'
  readonly consequence: string
}

/** The fact that the server's answer to one statement would show. */
export interface Telltale {
  readonly effect: Effect
  /** Told by the command of the answer: `ROLLBACK` … */
  readonly command?: string
  /** … or by `false` in a column of its rows. The position is for rows that are arrays. */
  readonly falseIn?: { readonly name: string; readonly position: number }
}

/**
 * True for state that stays although its transaction is rolled back: measured on PostgreSQL 18; for the extensions,
 * because they keep it in variables of their library, of which transactions know nothing.
 */
const outlivesRollback: Readonly<Record<SessionState, boolean>> = {
  setting: false,
  role: false,
  'session-authorization': false,
  'sql-prepared-statement': true,
  'named-statement': true,
  listen: false,
  'temp-object': false,
  'advisory-lock': true,
  'held-cursor': false,
  'sequence-value': true,
  'random-seed': true,
  library: true,
  'large-object-descriptor': false,
  'replication-slot': true,
  'replication-origin': true,
  backup: true,
  'dblink-connection': true,
  'foreign-connection': true,
  'hypothetical-index': true,
  'session-variable': true,
  'package-state': true,
  'startup-parameter': false,
  'backend-pid': false,
  transaction: false,
}

/** See {@link outlivesRollback}. */
export const survivesRollback: ReadonlySet<SessionState> = new Set(
  (Object.keys(outlivesRollback) as SessionState[]).filter((state) => outlivesRollback[state]),
)

/** The default of a setting, or of any, until the transaction ends. */
export function maskedBy(what: string, object: string | undefined): Effect {
  return {
    does: 'undoes',
    state: 'setting',
    what,
    when: 'transaction',
    ...(object !== undefined && { object }),
    masks: true,
  }
}

/** Returns the effect with the words for one that may not run, may run more than once, or may be rolled back. */
export function uncertain<E extends Effect>(effect: E): E {
  if (effect.does === 'clears' || effect.does === 'undoes') return { ...effect, isUncertain: true }
  // The number of times it is taken is unknown, so no single unlock surely frees it.
  if (effect.does !== 'leaves' || effect.state !== 'advisory-lock' || effect.object === undefined) return effect
  const { object: _, ...uncounted } = effect
  return uncounted as E
}
