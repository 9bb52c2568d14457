import type { RuleId } from '@poolsafe/core'
import type { Circumstances, OfRule } from './circumstance.ts'
import { ofExtensions } from './circumstances-of-extensions.ts'

const slotsOf = (name: string): string =>
  `SELECT pg_drop_replication_slot('${name}') FROM pg_replication_slots WHERE slot_name = '${name}'`
const ownSchema: Circumstances = { before: ['CREATE SCHEMA AUTHORIZATION CURRENT_USER'] }
const clearsPrepared: Circumstances = { does: 'clears', before: ['PREPARE get_user (int) AS SELECT $1'] }
const needsPrepared: Circumstances = { does: 'needs', before: ['PREPARE get_user (int) AS SELECT $1'] }
const clearsCursor: Circumstances = { does: 'clears', before: ['DECLARE page CURSOR WITH HOLD FOR SELECT 1'] }
const needsCursor: Circumstances = { does: 'needs', before: ['DECLARE page CURSOR WITH HOLD FOR SELECT 1'] }
const needsDescriptor: Circumstances = { does: 'ineffective', before: ['SELECT lo_open(16409, 393216)'] }
const setup = "SELECT pg_replication_origin_session_setup('node_a')"
const started = "SELECT pg_backup_start('nightly', true)"
/** In a session that has a backup running, the first statement fails with 55000, and the backup goes on. */
const begins = "SELECT pg_backup_start('look', true) IS NULL; SELECT count(*)::int FROM pg_backup_stop(false)"

/** A row's lock is in no view; the lock of its table, which ends with it, is. */
const lockedTables = "SELECT count(*)::int FROM pg_locks WHERE mode = 'RowShareLock' AND pid = pg_backend_pid()"

/** A rule that is not here has examples that leave something in the session, and need nothing else. */
export const circumstances: { readonly [Id in RuleId]?: OfRule } = {
  ...ofExtensions,
  'session/set': {
    unsafe: ['SET search_path = tenant_a, public'],
    examples: {
      'SET lock_timeout TO DEFAULT': { does: 'clears', before: ["SET lock_timeout = '61s'"] },
      'RESET work_mem': { does: 'clears', before: ["SET work_mem = '5MB'"] },
      'RESET ALL': { does: 'clears', before: ["SET work_mem = '5MB'"] },
    },
  },
  'session/set-config': {
    examples: {
      "select pg_catalog.set_config('app.org_id', $1, 'f')": { values: ['7'] },
      'SELECT set_config($1, $2, $3)': { values: ['app.org_id', '7', 'false'] },
      // The built-in function has no names for its arguments, though the manual gives them.
      "SELECT set_config(setting_name => 'app.org_id', new_value => '7', is_local => false)": { refused: '42883' },
      "BEGIN; SELECT set_config('app.org_id', $1, is_local => true); COMMIT": {
        run: "BEGIN; SELECT set_config('app.org_id', '7', is_local => true); COMMIT",
        refused: '42883',
      },
    },
  },
  'session/advisory-lock': {
    examples: {
      'SELECT pg_advisory_unlock(42)': { does: 'clears', before: ['SELECT pg_advisory_lock(42)'] },
      'SELECT pg_advisory_unlock_shared(42)': { does: 'clears', before: ['SELECT pg_advisory_lock_shared(42)'] },
      'SELECT pg_advisory_unlock_all()': { does: 'clears', before: ['SELECT pg_advisory_lock(42)'] },
    },
  },
  'session/prepared-statement': {
    examples: {
      'EXECUTE get_user(1)': needsPrepared,
      'EXPLAIN EXECUTE get_user(1)': needsPrepared,
      'CREATE TABLE copied AS EXECUTE get_user(1)': needsPrepared,
      'DEALLOCATE get_user': clearsPrepared,
      'DEALLOCATE ALL': clearsPrepared,
    },
  },
  'session/temp-object': {
    examples: {
      'SELECT * FROM pg_temp.t': { does: 'needs', before: ['CREATE TEMP TABLE t AS SELECT 7 AS id'] },
      'INSERT INTO pg_temp.t VALUES (1)': { does: 'needs', before: ['CREATE TEMP TABLE t (id int)'] },
      'DROP TABLE IF EXISTS pg_temp.t': { does: 'clears', before: ['CREATE TEMP TABLE t (id int)'] },
      'SELECT pg_temp.f()': {
        does: 'needs',
        before: ["CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 7'"],
      },
      'CALL pg_temp.p()': {
        does: 'needs',
        before: ["CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql AS 'BEGIN NULL; END'"],
      },
      "SELECT 'ok'::pg_temp.mood": { does: 'needs', before: ["CREATE TYPE pg_temp.mood AS ENUM ('ok')"] },
      'CREATE UNLOGGED TABLE t (id int)': ownSchema,
    },
  },
  'session/held-cursor': {
    examples: { 'FETCH 10 FROM page': needsCursor, 'MOVE 10 IN page': needsCursor, 'CLOSE page': clearsCursor },
  },
  'session/listen': {
    examples: {
      'UNLISTEN orders': { does: 'clears', before: ['LISTEN orders'] },
      'UNLISTEN *': { does: 'clears', before: ['LISTEN orders'] },
    },
  },
  'session/sequence-value': {
    examples: {
      'SELECT lastval()': {
        does: 'needs',
        before: ["SELECT setval('orders_id_seq', 1000)", "SELECT nextval('orders_id_seq')"],
        look: 'SELECT lastval()',
      },
      "SELECT currval('orders_id_seq')": {
        does: 'needs',
        before: ["SELECT setval('orders_id_seq', 1000)"],
        look: "SELECT currval('orders_id_seq')",
      },
      "INSERT INTO t VALUES (pg_catalog.currval('orders_id_seq'))": {
        does: 'needs',
        before: ["SELECT setval('orders_id_seq', 1000)"],
        look: "SELECT currval('orders_id_seq')",
        undo: ['DELETE FROM t WHERE id = 1000'],
      },
    },
  },
  'session/random-seed': { look: 'SELECT random()' },
  'session/discard': {
    examples: {
      'DISCARD ALL': { does: 'clears', before: ["SET statement_timeout = '71s'"] },
      'DISCARD TEMP': { does: 'clears', before: ['CREATE TEMP TABLE t (id int)'] },
      'DISCARD SEQUENCES': {
        does: 'clears',
        before: ["SELECT nextval('orders_id_seq')"],
        look: 'SELECT lastval() > 0',
      },
    },
  },
  'session/role': {
    examples: {
      'SET ROLE NONE': { does: 'clears', before: ['SET ROLE app'] },
      'RESET ROLE': { does: 'clears', before: ['SET ROLE app'] },
      'RESET SESSION AUTHORIZATION': { does: 'clears', before: ['SET SESSION AUTHORIZATION app'] },
      "SELECT set_user('reporting')": { extension: 'set_user' },
      "SELECT set_user_u('postgres')": { extension: 'set_user' },
      'SELECT reset_user()': { extension: 'set_user', does: 'clears', before: ["SELECT set_user('reporting')"] },
    },
  },
  'session/replication-slot': {
    examples: {
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', $1)": { values: ['true'] },
      "SELECT pg_create_physical_replication_slot('s')": { undo: [slotsOf('s')] },
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', false)": { undo: [slotsOf('s')] },
      "SELECT pg_drop_replication_slot('s')": {
        before: ["SELECT pg_create_physical_replication_slot('s')"],
        undo: [slotsOf('s')],
      },
    },
  },
  'session/replication-origin': {
    examples: {
      'SELECT pg_replication_origin_session_reset()': { does: 'clears', before: [setup] },
      'SELECT pg_replication_origin_session_is_setup()': { does: 'needs', before: [setup] },
      'SELECT pg_replication_origin_session_progress(false)': { does: 'needs', before: [setup] },
      "SELECT pg_replication_origin_xact_setup('0/1', now())": { does: 'needs', before: [setup] },
      "SELECT pg_replication_origin_create('node_a')": {
        run: "SELECT pg_replication_origin_create('node_b')",
        undo: ["SELECT pg_replication_origin_drop('node_b')"],
      },
    },
  },
  'session/backup': {
    examples: {
      "SELECT pg_backup_start('nightly')": { look: begins },
      'SELECT * FROM pg_backup_stop()': {
        does: 'needs',
        run: 'SELECT count(*)::int FROM pg_backup_stop()',
        before: [started],
        look: begins,
      },
      "BEGIN; SELECT pg_backup_start('nightly'); ROLLBACK": { look: begins },
    },
  },
  'transaction/set-local': {
    examples: {
      "SET LOCAL search_path = 'tenant_a'": { does: 'ineffective' },
      'SET LOCAL ROLE postgres': { does: 'ineffective' },
      "SELECT set_config('app.org_id', '7', true)": { does: 'ineffective' },
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE': { does: 'ineffective', look: 'SHOW transaction_isolation' },
      'SET CONSTRAINTS ALL DEFERRED': {
        does: 'ineffective',
        unproved: 'the server does not show which constraints are deferred',
      },
    },
  },
  'transaction/lock-outside': {
    examples: {
      'SELECT pg_advisory_xact_lock(42)': { does: 'ineffective' },
      'SELECT pg_try_advisory_xact_lock(42) AS locked': { does: 'ineffective' },
      'SELECT * FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED': { does: 'ineffective', look: lockedTables },
      'SELECT id FROM t FOR SHARE': { does: 'ineffective', look: lockedTables },
    },
  },
  'transaction/on-commit-drop': {
    examples: {
      'CREATE TEMP TABLE t (id int) ON COMMIT DROP': { does: 'ineffective' },
      'CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS id': { does: 'ineffective' },
    },
  },
  'transaction/large-object': {
    examples: {
      'SELECT lo_open(16409, 131072)': { does: 'ineffective', look: 'SELECT loread(0, 3)' },
      'SELECT loread(0, 1024)': needsDescriptor,
      "SELECT lowrite(0, 'data')": needsDescriptor,
      'SELECT lo_lseek(0, 0, 0)': needsDescriptor,
      'SELECT lo_tell(0)': needsDescriptor,
      'SELECT lo_truncate64(0, 0)': needsDescriptor,
      'SELECT lo_close(0)': needsDescriptor,
      'SELECT lo_create(0), lo_unlink(16409)': { undo: ["SELECT lo_from_bytea(16409, 'text')"] },
    },
  },
  'transaction/exported-snapshot': {
    examples: {
      'SELECT pg_export_snapshot()': {
        does: 'ineffective',
        look: "SELECT count(*)::int FROM pg_ls_dir('pg_snapshots')",
      },
      'SELECT pg_catalog.pg_export_snapshot()': {
        does: 'ineffective',
        look: "SELECT count(*)::int FROM pg_ls_dir('pg_snapshots')",
      },
    },
  },
  'statement/undecided': {
    unsafe: [
      "DO $$ DECLARE text text := 'SET work_mem = 65536'; BEGIN EXECUTE text; END $$",
      "DO $$ BEGIN EXECUTE format('PREPARE %I AS SELECT 7', 'secret'); END $$",
    ],
  },
}
