import type { PoolerProfile } from '@poolsafe/core'
import { ownPrefix } from './prepared.ts'
import type { QueryAnswer } from './own-query.ts'
import { literal } from './client-settings.ts'

/** The kinds of session state, as the profiles name them. */
export type SessionState = keyof PoolerProfile['carries']

/** A piece of session state. */
export interface Held {
  readonly state: SessionState
  /** Its name; never a value. */
  readonly object: string
  /** Identifies state with the same name, and its changes; never shown. */
  readonly value: string
}

/** The rights of a session's user that inspection depends on. */
export interface Capabilities {
  /** Replication origins: only for superusers, unless granted. */
  readonly seesOrigins: boolean
  /** Loaded libraries, from PostgreSQL 18 on. */
  readonly seesLibraries: boolean
}

/** The query for {@link Capabilities}. */
export const capabilitiesQuery = `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_replication_origin_session_is_setup()', 'EXECUTE')::text,
  coalesce(pg_catalog.has_function_privilege(pg_catalog.to_regproc('pg_catalog.pg_get_loaded_modules')::oid, 'EXECUTE'), false)::text`

export function toCapabilities({ rows }: QueryAnswer): Capabilities {
  return { seesOrigins: rows[0]?.[0] === 'true', seesLibraries: rows[0]?.[1] === 'true' }
}

/** Settings of transactions, and settings derived from others. */
const derived =
  "'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'is_superuser', 'session_authorization', 'role', 'in_hot_standby'"

/** The functions of the database that name custom settings, which no view shows. */
const namesInFunctions = `SELECT DISTINCT pg_catalog.lower(found[1]) AS name FROM pg_catalog.pg_proc,
  pg_catalog.regexp_matches(prosrc, E'(?:set_config\\\\s*\\\\(\\\\s*\\'+|\\\\mset\\\\s+(?:session\\\\s+)?)([a-z_]\\\\w*(?:\\\\.\\\\w+)+)', 'gi') AS found
  WHERE oid >= 16384`

const namesOfDefaults = `SELECT pg_catalog.lower(pg_catalog.split_part(pair, '=', 1)) AS name
  FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) AS pair WHERE pair LIKE '%.%=%'`

/** Libraries that PostgreSQL loads by itself: for functions, for logical decoding, and its JIT compiler. */
const loadedByThemselves = `SELECT pg_catalog.regexp_replace(probin, '^.*/', '') FROM pg_catalog.pg_proc WHERE probin IS NOT NULL
  UNION ALL VALUES ('llvmjit'), ('pgoutput'), ('test_decoding'), ('wal2json'), ('libpqwalreceiver')`

/** Catalogs of objects that a temporary schema may contain, with the prefix of their columns. */
const catalogsOfObjects: Readonly<Record<string, string>> = {
  pg_proc: 'pro',
  pg_operator: 'opr',
  pg_opclass: 'opc',
  pg_opfamily: 'opf',
  pg_conversion: 'con',
  pg_collation: 'coll',
  pg_statistic_ext: 'stx',
  pg_ts_config: 'cfg',
  pg_ts_dict: 'dict',
}

const otherTemporary = Object.entries(catalogsOfObjects)
  .map(
    ([catalog, prefix]) => `    UNION ALL SELECT 'temp-object', ${prefix}name, oid::text FROM pg_catalog.${catalog}
      WHERE pg_catalog.pg_my_temp_schema() <> 0 AND ${prefix}namespace = pg_catalog.pg_my_temp_schema()`,
  )
  .join('\n')

/** Calls the functions behind the views, because planning the views takes as long as everything else. */
const rowsOf = {
  own: `SELECT 'role', '', pg_catalog.current_setting('role')
    UNION ALL SELECT 'session-authorization', '', SESSION_USER::text
    UNION ALL SELECT CASE WHEN from_sql THEN 'sql-prepared-statement' ELSE 'named-statement' END, name, ''
      FROM pg_catalog.pg_prepared_statement() WHERE from_sql OR name NOT LIKE '${ownPrefix}%'
    UNION ALL SELECT 'held-cursor', name, '' FROM pg_catalog.pg_cursor() WHERE is_holdable
    UNION ALL SELECT 'listen', channel, '' FROM pg_catalog.pg_listening_channels() AS channel`,
  locks: `SELECT 'advisory-lock', mode, pg_catalog.concat_ws('/', classid, objid, objsubid)
      FROM pg_catalog.pg_lock_status() WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid()`,
  temporary: `SELECT 'temp-object', relname, oid::text FROM pg_catalog.pg_class
      WHERE pg_catalog.pg_my_temp_schema() <> 0 AND relnamespace = pg_catalog.pg_my_temp_schema() AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
${otherTemporary}
    UNION ALL SELECT 'temp-object', typname, oid::text FROM pg_catalog.pg_type
      WHERE pg_catalog.pg_my_temp_schema() <> 0 AND typnamespace = pg_catalog.pg_my_temp_schema() AND typrelid = 0 AND typelem = 0`,
  slots: `SELECT 'replication-slot', slot_name::text, '' FROM pg_catalog.pg_get_replication_slots()
      WHERE temporary AND active_pid = pg_catalog.pg_backend_pid()`,
  origin: `SELECT 'replication-origin', '', '' WHERE pg_catalog.pg_replication_origin_session_is_setup()`,
  libraries: `SELECT 'library', module_name, '' FROM pg_catalog.pg_get_loaded_modules() WHERE module_name IS NOT NULL`,
} as const

/** The settings in a snapshot. */
export interface SnapshotPlan {
  readonly capabilities: Capabilities
  /** Includes all settings, not only those of the session. */
  readonly allSettings: boolean
  /** Possible names of settings that no view shows. */
  readonly settingNames: Iterable<string>
}

/**
 * Returns one query for all visible state of a session. It qualifies every function and table, because the search path
 * may be anything.
 */
export function snapshotQuery({ capabilities, allSettings, settingNames }: SnapshotPlan): string {
  const names = [...settingNames].map((name) => literal(name)).join(', ')
  const parts = [
    `SELECT 'setting' AS state, name AS object, setting AS value FROM pg_catalog.pg_show_all_settings()
      WHERE ${allSettings ? '' : "source = 'session' AND "}name NOT IN (${derived})`,
    `SELECT 'setting', name, pg_catalog.current_setting(name, true) FROM (${namesInFunctions} UNION SELECT pg_catalog.unnest(ARRAY[${names}]::pg_catalog.text[])${
      allSettings ? ` UNION ${namesOfDefaults}` : ''
    }) AS named`,
    rowsOf.own,
    rowsOf.locks,
    rowsOf.temporary,
    rowsOf.slots,
    ...(capabilities.seesOrigins ? [rowsOf.origin] : []),
    ...(capabilities.seesLibraries ? [rowsOf.libraries] : []),
  ]
  return parts.join('\n UNION ALL ')
}

/** Returns the query for the libraries that SQL has loaded, not PostgreSQL by itself. */
export function loadedLibrariesQuery(names: readonly string[]): string {
  const list = names.map((name) => literal(name)).join(', ')
  return `SELECT name FROM pg_catalog.unnest(ARRAY[${list}]::pg_catalog.text[]) AS name WHERE name NOT IN (${loadedByThemselves})`
}

/** An empty custom setting counts as missing, because PostgreSQL keeps its name after a reset. */
export function toHeld({ rows }: QueryAnswer): Held[] {
  return rows
    .map(([state, object, value]) => ({ state: state as SessionState, object: object ?? '', value: value ?? '' }))
    .filter(({ state, object, value }) => state !== 'setting' || value !== '' || !object.includes('.'))
}
