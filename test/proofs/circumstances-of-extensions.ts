import type { RuleId } from '@poolsafe/core'
import type { Circumstances, OfRule } from './circumstance.ts'

const remote = "SELECT dblink_connect('remote', 'dbname=other')"
const connections = 'SELECT dblink_get_connections()'
const needsRemote: Circumstances = { does: 'needs', before: [remote], look: connections }
const cached = 'SELECT count(*)::int FROM public.postgres_fdw_get_connections()'
const closesCached: Circumstances = { does: 'clears', before: ['SELECT * FROM other.orders'], look: cached }
const listed = 'SELECT count(*)::int FROM hypopg_list_indexes'
const created = "SELECT * FROM hypopg_create_index('CREATE INDEX ON orders (customer_id)')"
const enabled = 'SELECT dbms_output.enable()'
const line = 'SELECT line FROM dbms_output.get_line()'
const sameLine = 'SELECT line, dbms_output.put_line(line) FROM dbms_output.get_line()'
const isEnabled = "SELECT dbms_output.put_line('seen'); SELECT status FROM dbms_output.get_line()"
const keepsAlerts =
  'orafce keeps alerts for sessions that have ended, in a shared memory that is full before every server has been seen'
const nextType =
  "SELECT dbms_pipe.send_message('look'); SELECT dbms_pipe.receive_message('look', 0); SELECT dbms_pipe.next_item_type()"

/** Extensions whose state only their own functions show. */
export const ofExtensions: { readonly [Id in RuleId]?: OfRule } = {
  'session/dblink': {
    extension: 'libpq',
    examples: {
      "SELECT dblink_connect('remote', 'dbname=other')": { look: connections },
      "SELECT public.dblink_connect_u('dbname=other')": { look: "SELECT * FROM dblink('SELECT 7') AS t(a int)" },
      "SELECT dblink_disconnect('remote')": { does: 'clears', before: [remote], look: connections },
      "SELECT * FROM dblink('remote', 'SELECT 1') AS t(a int)": needsRemote,
      "SELECT * FROM dblink('SELECT 1') AS t(a int)": {
        does: 'needs',
        before: ["SELECT dblink_connect('dbname=other')"],
        look: "SELECT * FROM dblink('SELECT 7') AS t(a int)",
      },
      "SELECT dblink_exec('remote', 'DELETE FROM t')": needsRemote,
      "SELECT dblink_send_query('remote', 'SELECT 1')": needsRemote,
      "SELECT * FROM dblink_get_result('remote') AS t(a int)": {
        ...needsRemote,
        before: [remote, "SELECT dblink_send_query('remote', 'SELECT 1')"],
      },
      "SELECT dblink_open('remote', 'page', 'SELECT 1')": needsRemote,
      "BEGIN; SELECT dblink_connect('remote', 'dbname=other'); ROLLBACK": { look: connections },
      "SELECT * FROM dblink('postgresql://host/other', 'SELECT 1', false) AS t(a int)": {
        run: "SELECT * FROM dblink('postgresql:///other', 'SELECT 1', false) AS t(a int)",
      },
      "SELECT dblink_exec('dbname=' || current_database(), 'DELETE FROM t')": {
        undo: ['INSERT INTO t VALUES (1, 10), (2, 20)'],
      },
    },
  },
  'session/extension-setting': {
    examples: {
      // The initial value of the library is not left by a client.
      "BEGIN; SET LOCAL pg_trgm.similarity_threshold = 0.5; SELECT 'a' % 'b'; COMMIT": {
        before: ['SELECT show_limit()'],
      },
    },
  },
  'session/foreign-connection': {
    extension: 'libpq',
    examples: {
      "SELECT postgres_fdw_disconnect('other')": closesCached,
      'SELECT postgres_fdw_disconnect_all()': closesCached,
      'SELECT * FROM public.postgres_fdw_get_connections()': {
        run: 'SELECT server_name FROM public.postgres_fdw_get_connections()',
        does: 'needs',
        before: ['SELECT * FROM other.orders'],
        look: cached,
      },
      "ALTER SERVER other OPTIONS (ADD keep_connections 'off')": {
        undo: ['ALTER SERVER other OPTIONS (DROP keep_connections)'],
      },
    },
  },
  'session/hypothetical-index': {
    extension: 'hypopg',
    look: listed,
    examples: {
      'SELECT hypopg_drop_index(18284)': {
        does: 'clears',
        before: [created],
        run: 'SELECT hypopg_drop_index(indexrelid) FROM hypopg_list_indexes',
      },
      'SELECT hypopg_reset()': { does: 'clears', before: [created] },
      'SELECT hypopg_hide_index(18284)': {
        run: "SELECT hypopg_hide_index('users_pkey'::regclass)",
        look: 'SELECT count(*)::int FROM hypopg_hidden_indexes()',
      },
      'CREATE EXTENSION hypopg': { before: ['DROP EXTENSION hypopg'], undo: ['CREATE EXTENSION hypopg'] },
      'SELECT * FROM hypopg_list_indexes': { does: 'needs', before: [created] },
    },
  },
  'session/package-state': {
    extension: 'orafce',
    examples: {
      'SELECT dbms_output.enable()': { look: isEnabled },
      "SELECT dbms_output.put_line('done')": { before: [enabled], look: line },
      'SELECT * FROM dbms_output.get_lines(10)': {
        does: 'needs',
        before: [enabled, "SELECT dbms_output.put_line('done')"],
        look: sameLine,
      },
      'CALL dbms_output.disable()': {
        does: 'clears',
        run: 'SELECT dbms_output.disable()',
        before: [enabled],
        look: isEnabled,
      },
      "SELECT dbms_alert.register('paid')": { unproved: keepsAlerts },
      "SELECT dbms_alert.waitone('paid', 10)": { unproved: keepsAlerts },
      "SELECT dbms_pipe.pack_message('paid')": { look: nextType },
      "SELECT dbms_pipe.create_pipe('paid')": { undo: ["SELECT dbms_pipe.remove_pipe('paid')"] },
      'SELECT "dbms_random" . seed(7)': { look: 'SELECT dbms_random.value()' },
    },
  },
  'session/variable': {
    unproved: 'pg_variables and omni_var are in no package of Debian',
  },
}
