/** Settings of extensions and applications are in no view: they are asked for by the names in the text. */
function custom(sql: string): string {
  const names = new Set([...sql.matchAll(/\b[a-z]\w*\.[a-z]\w*/gi)].map(([name]) => name.toLowerCase()))
  return `ARRAY[${[...names].map((name) => `nullif(current_setting('${name}', true), '')`).join()}]::text[]`
}

/**
 * All that can be seen of a session, of settings those that differ from what the session began with. A value drawn from
 * a sequence is left by every INSERT, and does harm where it is read: it is no part of this. Libraries are, where the
 * text loads one: PostgreSQL itself loads others, which nobody notices.
 */
export function probes(sql: string): string {
  const libraries = /\bload\s+'/i.test(sql) ? 'SELECT module_name FROM pg_get_loaded_modules()' : 'SELECT NULL::text'
  return `SELECT
  ARRAY(SELECT name || '=' || setting FROM pg_catalog.pg_settings WHERE setting <> coalesce(reset_val, '') AND name !~ '^(transaction_|plpgsql[.])' ORDER BY name COLLATE "C") AS settings,
  ${custom(sql)} AS custom, current_user, session_user,
  ARRAY(SELECT name FROM pg_catalog.pg_prepared_statements ORDER BY name COLLATE "C") AS prepared,
  ARRAY(SELECT name FROM pg_catalog.pg_cursors WHERE is_holdable ORDER BY name COLLATE "C") AS cursors,
  ARRAY(SELECT channel FROM pg_catalog.pg_listening_channels() AS channel ORDER BY 1) AS channels,
  ARRAY(SELECT concat_ws('/', classid, objid, objsubid, mode) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1) AS locks,
  ARRAY(SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = pg_my_temp_schema() UNION ALL
    SELECT proname FROM pg_catalog.pg_proc WHERE pronamespace = pg_my_temp_schema() UNION ALL
    SELECT typname FROM pg_catalog.pg_type WHERE typnamespace = pg_my_temp_schema() ORDER BY 1) AS temporary,
  ARRAY(SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE temporary AND active_pid = pg_backend_pid() ORDER BY 1) AS slots,
  pg_replication_origin_session_is_setup() AS origin,
  ARRAY(${libraries} ORDER BY 1) AS libraries`
}
