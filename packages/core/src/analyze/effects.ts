/**
 * The kinds of state that PostgreSQL keeps for one server session.
 *
 * Source: PostgreSQL's `DiscardAll()` (src/backend/commands/discard.c) and the chapters of SET, PREPARE, LISTEN,
 * CREATE TABLE, explicit locking, DECLARE, sequence functions, `setseed` and LOAD.
 */
export type SessionState =
  | 'setting'
  | 'role'
  | 'sql-prepared-statement'
  | 'named-statement'
  | 'listen'
  | 'temp-object'
  | 'advisory-lock'
  | 'held-cursor'
  | 'sequence-value'
  | 'random-seed'
  | 'library'
  | 'transaction'

/** One thing that one statement does to session state. */
export interface Effect {
  /** `ineffective`: the statement does nothing where it is used, whatever the pooler. `unknown`: nobody can tell. */
  readonly does: 'leaves' | 'needs' | 'clears' | 'ineffective' | 'unknown'
  readonly state: SessionState
  /** The statement's construct in SQL words, for messages: `SET statement_timeout`. Never holds a literal of the statement. */
  readonly what: string
  /** Where the effect does harm: anywhere, only outside a transaction, or only on a connection borrowed for one statement. */
  readonly when: 'always' | 'autocommit' | 'unpinned'
  /** Lower-case name of the setting, where `state` is `setting` and the text tells. Decides whether a pooler tracks it; may come from a literal, so it is never shown. */
  readonly setting?: string
}
