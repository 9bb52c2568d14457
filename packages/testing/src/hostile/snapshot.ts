import type { PoolerProfile } from '@poolsafe/core'
import { ownPrefix } from './prepared.ts'
import type { QueryAnswer } from './own-query.ts'
import { literal } from './client-settings.ts'

/** The kinds of session state, as the profiles name them. */
export type SessionState = keyof PoolerProfile['carries']

/** One thing that a session holds. */
export interface Held {
  readonly state: SessionState
  /** Its name; never a value. */
  readonly object: string
  /** Tells things of one name apart, and changes of one thing; never shown. */
  readonly value: string
}

/** What the user of a session may look at. */
export interface Capabilities {
  /** Replication origins: a superuser's, unless granted. */
  readonly seesOrigins: boolean
  /** The libraries that are loaded: from PostgreSQL 18 on. */
  readonly seesLibraries: boolean
}

/** Asks for {@link Capabilities}. */
export const capabilitiesQuery = `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_replication_origin_session_is_setup()', 'EXECUTE')::text,
  coalesce(pg_catalog.has_function_privilege(pg_catalog.to_regproc('pg_catalog.pg_get_loaded_modules')::oid, 'EXECUTE'), false)::text`

export function toCapabilities({ rows }: QueryAnswer): Capabilities {
  return { seesOrigins: rows[0]?.[0] === 'true', seesLibraries: rows[0]?.[1] === 'true' }
}

/** Settings of transactions, and those that follow from others. */
const derived =
  "'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'is_superuser', 'session_authorization', 'role', 'in_hot_standby'"

/** Where functions of the database name a setting that they make up; no view shows those settings. */
const namesInFunctions = `SELECT DISTINCT pg_catalog.lower(found[1]) AS name FROM pg_catalog.pg_proc,
  pg_catalog.regexp_matches(prosrc, E'(?:set_config\\\\s*\\\\(\\\\s*\\'+|\\\\mset\\\\s+(?:session\\\\s+)?)([a-z_]\\\\w*(?:\\\\.\\\\w+)+)', 'gi') AS found
  WHERE oid >= 16384`

const namesOfDefaults = `SELECT pg_catalog.lower(pg_catalog.split_part(pair, '=', 1)) AS name
  FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) AS pair WHERE pair LIKE '%.%=%'`

/** Libraries that PostgreSQL loads by itself: those of functions, of logical decoding, and its compiler. */
const loadedByThemselves = `SELECT pg_catalog.regexp_replace(probin, '^.*/', '') FROM pg_catalog.pg_proc WHERE probin IS NOT NULL
  UNION ALL VALUES ('llvmjit'), ('pgoutput'), ('test_decoding'), ('wal2json'), ('libpqwalreceiver')`

/** The functions behind the views: planning the views takes as long as all the rest. */
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
    UNION ALL SELECT 'temp-object', proname, oid::text FROM pg_catalog.pg_proc
      WHERE pg_catalog.pg_my_temp_schema() <> 0 AND pronamespace = pg_catalog.pg_my_temp_schema()
    UNION ALL SELECT 'temp-object', typname, oid::text FROM pg_catalog.pg_type
      WHERE pg_catalog.pg_my_temp_schema() <> 0 AND typnamespace = pg_catalog.pg_my_temp_schema() AND typrelid = 0 AND typelem = 0`,
  slots: `SELECT 'replication-slot', slot_name::text, '' FROM pg_catalog.pg_get_replication_slots()
      WHERE temporary AND active_pid = pg_catalog.pg_backend_pid()`,
  origin: `SELECT 'replication-origin', '', '' WHERE pg_catalog.pg_replication_origin_session_is_setup()`,
  libraries: `SELECT 'library', module_name, '' FROM pg_catalog.pg_get_loaded_modules() WHERE module_name IS NOT NULL`,
} as const

/** Which settings a snapshot tells. */
export interface SnapshotPlan {
  readonly capabilities: Capabilities
  /** All settings, not those of the session alone. */
  readonly allSettings: boolean
  /** Names that settings which no view shows may have. */
  readonly settingNames: Iterable<string>
}

/**
 * One query for all that can be seen of a session. It names every function and table in full, since the search path may
 * be anything.
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

/** Asks which of these libraries a text of SQL has loaded, not PostgreSQL by itself. */
export function loadedLibrariesQuery(names: readonly string[]): string {
  const list = names.map((name) => literal(name)).join(', ')
  return `SELECT name FROM pg_catalog.unnest(ARRAY[${list}]::pg_catalog.text[]) AS name WHERE name NOT IN (${loadedByThemselves})`
}

/** A setting that is empty is one that is not there: PostgreSQL cannot forget the name of one that was. */
export function toHeld({ rows }: QueryAnswer): Held[] {
  return rows
    .map(([state, object, value]) => ({ state: state as SessionState, object: object ?? '', value: value ?? '' }))
    .filter(({ state, object, value }) => state !== 'setting' || value !== '' || !object.includes('.'))
}
