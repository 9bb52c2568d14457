/** No view lists the settings of extensions and applications, so the query asks for the names in the text. */
function custom(sql: string): string {
  const names = new Set([...sql.matchAll(/\b[a-z]\w*\.[a-z]\w*/gi)].map(([name]) => name.toLowerCase()))
  return `ARRAY[${[...names].map((name) => `nullif(current_setting('${name}', true), '')`).join()}]::text[]`
}

/**
 * Asks for everything that a session shows; for settings, those that differ from what the session began with. The value
 * that `nextval` drew is not part of it: every INSERT leaves one, and it does harm only where it is read. Libraries are
 * part of it only if the text loads one, since PostgreSQL loads others by itself. The query calls the functions below
 * the catalog's views: expanding the views costs a new session as much as all the rest.
 */
export function probes(sql: string): string {
  const libraries = /\bload\s+'/i.test(sql) ? 'SELECT module_name FROM pg_get_loaded_modules()' : 'SELECT NULL::text'
  return `SELECT
  ARRAY(SELECT name || '=' || setting FROM pg_catalog.pg_show_all_settings() WHERE setting <> coalesce(reset_val, '') AND name !~ '^(transaction_|plpgsql[.])' ORDER BY name COLLATE "C") AS settings,
  ${custom(sql)} AS custom, current_user, session_user,
  ARRAY(SELECT name FROM pg_catalog.pg_prepared_statement() ORDER BY name COLLATE "C") AS prepared,
  ARRAY(SELECT name FROM pg_catalog.pg_cursor() WHERE is_holdable ORDER BY name COLLATE "C") AS cursors,
  ARRAY(SELECT channel FROM pg_catalog.pg_listening_channels() AS channel ORDER BY 1) AS channels,
  ARRAY(SELECT concat_ws('/', classid, objid, objsubid, mode) FROM pg_catalog.pg_lock_status() WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1) AS locks,
  coalesce(CASE WHEN pg_my_temp_schema() <> 0 THEN ARRAY(SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = pg_my_temp_schema() UNION ALL
    SELECT proname FROM pg_catalog.pg_proc WHERE pronamespace = pg_my_temp_schema() UNION ALL
    SELECT opfname FROM pg_catalog.pg_opfamily WHERE opfnamespace = pg_my_temp_schema() UNION ALL
    SELECT conname FROM pg_catalog.pg_conversion WHERE connamespace = pg_my_temp_schema() UNION ALL
    SELECT stxname FROM pg_catalog.pg_statistic_ext WHERE stxnamespace = pg_my_temp_schema() UNION ALL
    SELECT typname FROM pg_catalog.pg_type WHERE typnamespace = pg_my_temp_schema() ORDER BY 1) END, '{}') AS temporary,
  ARRAY(SELECT slot_name::text FROM pg_catalog.pg_get_replication_slots() WHERE temporary AND active_pid = pg_backend_pid() ORDER BY 1) AS slots,
  pg_replication_origin_session_is_setup() AS origin,
  ARRAY(${libraries} ORDER BY 1) AS libraries`
}
