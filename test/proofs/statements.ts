import type { RuleId } from '@poolsafe/core'

/** One statement, and what can be seen of it afterwards through the same pooler. */
export interface Proof {
  readonly rule: RuleId
  readonly unsafe: string
  readonly remedy: string
  /** Who looks: another client, or the one that sent the statement. */
  readonly asks: 'stranger' | 'owner'
  readonly question: string
  /** The answer after the unsafe statement, and after the remedy. */
  readonly harm: unknown
  readonly clean: unknown
}

export const proofs: readonly Proof[] = [
  {
    rule: 'session/set',
    unsafe: "SET statement_timeout = '4321ms'",
    remedy: "BEGIN; SET LOCAL statement_timeout = '4321ms'; SELECT 1; COMMIT",
    asks: 'stranger',
    question: 'SHOW statement_timeout',
    harm: '4321ms',
    clean: '0',
  },
  {
    rule: 'session/set-config',
    unsafe: "SELECT set_config('app.org_id', '7', false)",
    remedy: "BEGIN; SELECT set_config('app.org_id', '7', true); SELECT 1; COMMIT",
    asks: 'stranger',
    question: "SELECT nullif(current_setting('app.org_id', true), '')",
    harm: '7',
    clean: null,
  },
  {
    rule: 'session/role',
    unsafe: 'SET ROLE pg_monitor',
    remedy: 'BEGIN; SET LOCAL ROLE pg_monitor; SELECT 1; COMMIT',
    asks: 'stranger',
    question: 'SELECT current_user::text',
    harm: 'pg_monitor',
    clean: 'postgres',
  },
  {
    rule: 'session/characteristics',
    unsafe: 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    remedy: 'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT',
    asks: 'stranger',
    question: 'SHOW transaction_isolation',
    harm: 'serializable',
    clean: 'read committed',
  },
  {
    rule: 'session/advisory-lock',
    unsafe: 'SELECT pg_advisory_lock(42)',
    remedy: 'BEGIN; SELECT pg_advisory_xact_lock(42); SELECT 1; COMMIT',
    asks: 'stranger',
    question: "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'",
    harm: 1,
    clean: 0,
  },
  {
    rule: 'session/prepared-statement',
    unsafe: 'PREPARE secret AS SELECT 7',
    remedy: 'SELECT 7',
    asks: 'stranger',
    question: 'EXECUTE secret',
    harm: 7,
    clean: 'error 26000',
  },
  {
    rule: 'session/temp-object',
    unsafe: 'CREATE TEMP TABLE secret AS SELECT 7 AS value',
    remedy: 'BEGIN; CREATE TEMP TABLE secret ON COMMIT DROP AS SELECT 7 AS value; SELECT * FROM secret; COMMIT',
    asks: 'stranger',
    question: 'SELECT value FROM secret',
    harm: 7,
    clean: 'error 42P01',
  },
  {
    rule: 'session/held-cursor',
    unsafe: 'DECLARE secret CURSOR WITH HOLD FOR SELECT 7',
    remedy: 'BEGIN; DECLARE secret CURSOR FOR SELECT 7; FETCH secret; CLOSE secret; COMMIT',
    asks: 'stranger',
    question: 'FETCH secret',
    harm: 7,
    clean: 'error 34000',
  },
  {
    rule: 'session/load',
    unsafe: "LOAD 'plpgsql'",
    remedy: 'SELECT 1',
    asks: 'stranger',
    question: "SELECT current_setting('plpgsql.variable_conflict', true)",
    harm: 'error',
    clean: null,
  },
  {
    rule: 'transaction/set-local',
    unsafe: "SET LOCAL statement_timeout = '4321ms'",
    remedy: "BEGIN; SET LOCAL statement_timeout = '4321ms'",
    asks: 'owner',
    question: 'SHOW statement_timeout',
    harm: '0',
    clean: '4321ms',
  },
  {
    rule: 'transaction/on-commit-drop',
    unsafe: 'CREATE TEMP TABLE picked ON COMMIT DROP AS SELECT 7 AS value',
    remedy: 'BEGIN; CREATE TEMP TABLE picked ON COMMIT DROP AS SELECT 7 AS value',
    asks: 'owner',
    question: 'SELECT value FROM picked',
    harm: 'error 42P01',
    clean: 7,
  },
  {
    rule: 'session/replication-slot',
    unsafe: "SELECT pg_create_physical_replication_slot('brief', false, true)",
    remedy: "SELECT pg_create_physical_replication_slot('lasting'); SELECT pg_drop_replication_slot('lasting')",
    asks: 'stranger',
    question: 'SELECT count(*)::int FROM pg_replication_slots',
    harm: 1,
    clean: 0,
  },
  {
    rule: 'session/replication-origin',
    unsafe: "SELECT pg_replication_origin_session_setup('node_a')",
    remedy: "BEGIN; SELECT pg_replication_origin_session_setup('node_a'); SELECT pg_replication_origin_session_reset(); COMMIT",
    asks: 'stranger',
    question: 'SELECT pg_replication_origin_session_is_setup()',
    harm: true,
    clean: false,
  },
  {
    rule: 'session/backup',
    unsafe: "SELECT pg_backup_start('nightly', true)",
    remedy: "SELECT pg_create_restore_point('nightly')",
    asks: 'stranger',
    question: 'SELECT count(*)::int FROM pg_backup_stop(false)',
    harm: 1,
    clean: 'error 55000',
  },
  {
    rule: 'transaction/large-object',
    unsafe: 'SELECT lo_open(16409, 262144)',
    remedy: 'BEGIN; SELECT lo_open(16409, 262144)',
    asks: 'owner',
    question: 'SELECT length(loread(0, 100))',
    harm: 'error 42704',
    clean: 5,
  },
  {
    rule: 'transaction/exported-snapshot',
    unsafe: 'SELECT pg_export_snapshot()',
    remedy: 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot()',
    asks: 'stranger',
    question: "SELECT count(*)::int FROM pg_ls_dir('pg_snapshots')",
    harm: 0,
    clean: 1,
  },
]
