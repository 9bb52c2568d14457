import type { RuleId } from '@poolsafe/core'

/** A statement that needs or leaves session state. */
export interface UnsafeStatement {
  readonly sql: string
  readonly rule: RuleId
  /**
   * The place in a transaction at which it is refused: a rollback does not undo some, others only the commit leaves
   * behind.
   */
  readonly refusedInTransaction?: 'at once' | 'at commit'
}

export const unsafeStatements: readonly UnsafeStatement[] = [
  { sql: 'SET statement_timeout = 4711', rule: 'session/set', refusedInTransaction: 'at commit' },
  { sql: "SELECT set_config('app.org', '4711', false)", rule: 'session/set-config', refusedInTransaction: 'at commit' },
  { sql: 'SET ROLE pg_monitor', rule: 'session/role', refusedInTransaction: 'at commit' },
  { sql: 'CREATE TEMP TABLE scratch (id integer)', rule: 'session/temp-object', refusedInTransaction: 'at commit' },
  { sql: 'SELECT pg_advisory_lock(4711)', rule: 'session/advisory-lock', refusedInTransaction: 'at once' },
  { sql: 'LISTEN orders', rule: 'session/listen', refusedInTransaction: 'at commit' },
  { sql: 'PREPARE twice AS SELECT 4711', rule: 'session/prepared-statement', refusedInTransaction: 'at once' },
  { sql: `SELECT currval('"User_id_seq"')`, rule: 'session/sequence-value' },
  { sql: "SET LOCAL app.org = '4711'", rule: 'transaction/set-local' },
]
