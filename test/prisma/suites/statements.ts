import type { RuleId } from '@poolsafe/core'

/** A statement that needs or leaves session state. */
export interface UnsafeStatement {
  readonly sql: string
  readonly rule: RuleId
  /** Whether it does its harm inside a transaction, too. */
  readonly alsoInTransaction: boolean
}

export const unsafeStatements: readonly UnsafeStatement[] = [
  { sql: 'SET statement_timeout = 4711', rule: 'session/set', alsoInTransaction: true },
  { sql: "SELECT set_config('app.org', '4711', false)", rule: 'session/set-config', alsoInTransaction: true },
  { sql: 'SET ROLE pg_monitor', rule: 'session/role', alsoInTransaction: true },
  { sql: 'CREATE TEMP TABLE scratch (id integer)', rule: 'session/temp-object', alsoInTransaction: true },
  { sql: 'SELECT pg_advisory_lock(4711)', rule: 'session/advisory-lock', alsoInTransaction: true },
  { sql: 'LISTEN orders', rule: 'session/listen', alsoInTransaction: true },
  { sql: 'PREPARE twice AS SELECT 4711', rule: 'session/prepared-statement', alsoInTransaction: true },
  { sql: `SELECT currval('"User_id_seq"')`, rule: 'session/sequence-value', alsoInTransaction: false },
  { sql: "SET LOCAL app.org = '4711'", rule: 'transaction/set-local', alsoInTransaction: false },
]
