import { alone, inTransaction, type Statement } from './statement.ts'

/**
 * Statements that leave or need what extensions, replication and large objects keep, by the rule that must find them.
 */
export const extensions: Readonly<Record<string, readonly Statement[]>> = {
  'session/dblink': [
    ...alone(
      "SELECT dblink_connect('dbname=x')",
      'SELECT extensions . "dblink_connect"($1, $2)',
      "SELECT DBLINK_CONNECT_U('c', 'dbname=x')",
      'SELECT dblink_disconnect()',
      'SELECT * FROM dblink($$c$$, $$SELECT 1$$) AS t(a int)',
      "INSERT INTO t SELECT * FROM dblink('c', 'SELECT 1', true) AS t(a int)",
      "SELECT * FROM dblink('SELECT 1', false) AS t(a int)",
      "SELECT dblink_exec('DELETE FROM t')",
      "SELECT * FROM dblink_fetch('page', 10) AS t(a int)",
      "SELECT dblink_close('page')",
      "SELECT dblink_is_busy('c'), dblink_error_message('c'), dblink_cancel_query('c')",
      'SELECT dblink_get_connections()',
      "BEGIN; SELECT dblink_connect('c', 'dbname=x'); SELECT dblink_disconnect('d'); COMMIT",
      "DO $$BEGIN PERFORM dblink_connect('c', 'dbname=x'); END$$",
    ),
    ...inTransaction("SELECT dblink_connect('c', 'dbname=x')", "SELECT * FROM dblink('c', 'SELECT 1') AS t(a int)"),
  ],
  'session/foreign-connection': alone(
    "SELECT postgres_fdw_disconnect('s')",
    'SELECT ext.postgres_fdw_disconnect_all()',
    'SELECT server_name FROM postgres_fdw_get_connections() ORDER BY 1',
  ),
  'session/extension-setting': [
    ...alone(
      'SELECT set_limit(0.3)',
      'select ext.Set_Limit($1)',
      'SELECT isn_weak(false)',
      'SELECT set_limit(0.3), show_limit()',
    ),
    ...inTransaction('SELECT set_limit(0.3)'),
  ],
  'session/hypothetical-index': alone(
    "SELECT indexrelid FROM hypopg_create_index('CREATE INDEX ON t (a)')",
    'SELECT hypopg_drop_index(indexrelid) FROM hypopg_list_indexes',
    'SELECT hypopg_reset()',
    'SELECT * FROM hypopg()',
    "BEGIN; SELECT hypopg_create_index('CREATE INDEX ON t (a)'); ROLLBACK",
  ),
  'session/variable': alone(
    "SELECT pgv_set('p', 'n', 1, true)",
    "SELECT pgv_set_text($1, $2, 'a')",
    "SELECT pgv_get_int('p', 'n')",
    "SELECT pgv_delete('p', 'r', 1)",
    "SELECT pgv_exists('p')",
    'SELECT * FROM pgv_list()',
    'SELECT "omni_var" . set_session($1, 7)',
    "SELECT omni_var.get_session('n', 0)",
  ),
  'session/package-state': alone(
    'SELECT dbms_output.enable(10000)',
    'SELECT dbms_output . put($1)',
    'CALL DBMS_OUTPUT.PUT_LINE($1)',
    'SELECT dbms_output.serveroutput(true)',
    'SELECT dbms_alert.removeall()',
    'SELECT dbms_pipe.unpack_message_text()',
    "SELECT dbms_pipe.receive_message('p', 0)",
    'SELECT dbms_random.seed(7)',
    "SELECT utl_file.fopen('/tmp', 'a', 'r')",
  ),
  'session/replication-slot': [
    ...alone(
      "SELECT pg_create_physical_replication_slot('s', true, true)",
      "SELECT * FROM pg_create_logical_replication_slot('s', 'test_decoding', temporary := true)",
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', 1 = 1)",
      "SELECT pg_copy_physical_replication_slot('a', 'b', 't')",
    ),
    ...inTransaction("SELECT pg_create_physical_replication_slot('s', true, true)"),
  ],
  'session/replication-origin': alone(
    "SELECT pg_replication_origin_session_setup('node_a')",
    'SELECT pg_catalog.pg_replication_origin_session_reset()',
    'SELECT pg_replication_origin_session_progress(true)',
    "SELECT pg_replication_origin_xact_setup('0/0', now())",
  ),
  'session/backup': [
    ...alone("SELECT pg_backup_start('nightly', true)", 'SELECT lsn FROM pg_backup_stop(true)'),
    ...inTransaction("SELECT pg_backup_start('nightly')"),
  ],
  'transaction/large-object': alone(
    'SELECT lo_open(16409, 262144)',
    'SELECT lo_open(lo_create(0), 131072)',
    "SELECT lowrite(0, '\\x00')",
    'SELECT pg_catalog.loread($1, 100)',
    'SELECT lo_lseek64(0, 0, 0), lo_tell64(0)',
    'SELECT lo_truncate(0, 0)',
    'SELECT lo_close(0)',
  ),
  'transaction/exported-snapshot': alone('SELECT pg_export_snapshot()', 'SELECT s FROM pg_export_snapshot() AS s'),
}
