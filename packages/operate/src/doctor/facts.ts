import { poolers, type DetectedPooler } from '@poolsafe/core'
import { askRows, messageOf, readOnly, type Ask, type Unseen } from '../ask/ask.ts'
import type { DoctorConnection, DoctorOptions } from './options.ts'
import { modeOf, wayOf, type PgBouncerFacts, type Way } from './pgbouncer-way.ts'

/** The facts that the database reports through the application's own connection. */
export interface DatabaseFacts {
  readonly version: number
  readonly role: string
  readonly database: string
  readonly reads_stats: boolean
  readonly backend_pid: number
  readonly max_connections: number
  readonly reserved: number
  /** Replication slots that nothing reads, and the WAL that they keep, in bytes. */
  readonly unread_slots: number
  readonly unread_wal: number
  /** Connections of clients now. */
  readonly used: number
  /** The same for each role. */
  readonly used_by: Readonly<Record<string, number>>
  /** `rolconnlimit` and `datconnlimit`; −1 for none. */
  readonly role_limit: number
  readonly database_limit: number
  /** In milliseconds; 0 for none. */
  readonly statement_timeout: number
  readonly lock_timeout: number
  readonly idle_in_transaction_session_timeout: number
  readonly idle_session_timeout: number
  /** `null` before PostgreSQL 17. */
  readonly transaction_timeout: number | null
  /** In bytes. */
  readonly work_mem: number
  readonly shared_buffers: number
  readonly parallel_workers: number
  readonly standby: boolean
  /** The role of the application is a superuser. */
  readonly superuser: boolean
}

/** Sessions that keep something without doing anything. */
export interface SessionFacts {
  /** Sessions that are idle in a transaction for more than a minute, and the longest, in seconds. */
  readonly idle_in_transaction: number
  readonly idle_in_transaction_seconds: number | null
  /** Advisory locks of idle sessions in no transaction. */
  readonly held_locks: number
}

/** The result for one setting that the application sends at login. */
export interface StartupFact {
  readonly name: string
  readonly isInForce: boolean
}

/** Where a connection ends. */
export interface Place {
  readonly database: string
  readonly standby: boolean
  /** The same for a server and its standbys. Absent if the server does not tell. */
  readonly cluster?: string
}

/** Everything that checks look at. */
export interface Facts {
  readonly options: DoctorOptions
  readonly database: DatabaseFacts
  readonly sessions: SessionFacts | undefined
  readonly detected: DetectedPooler | undefined
  /** The connection does not end at PostgreSQL itself. */
  readonly isPooled: boolean
  readonly pgbouncer: PgBouncerFacts | undefined
  readonly way: Way
  readonly startup: readonly StartupFact[]
  readonly place: Place
  /** The direct connection, and whether it does end at PostgreSQL. Absent without one. */
  readonly direct: (Place & { readonly isDirect: boolean }) | undefined
  readonly unseen: readonly Unseen[]
}

const millis = (name: string): string =>
  `(SELECT CASE unit WHEN 's' THEN setting::bigint * 1000 WHEN 'min' THEN setting::bigint * 60000 ELSE setting::bigint END FROM pg_settings WHERE name = '${name}')`
const bytes = (name: string): string =>
  `(SELECT setting::bigint * CASE unit WHEN '8kB' THEN 8192 WHEN 'kB' THEN 1024 ELSE 1 END FROM pg_settings WHERE name = '${name}')`

/** A slot that keeps WAL for nobody. That of a temporary one ends with its session. */
const isUnread = 'NOT active AND NOT temporary AND restart_lsn IS NOT NULL'

/** Without pg_read_all_stats the type of other roles' sessions is hidden: they count as clients. */
const databaseQuery = `SELECT current_setting('server_version_num')::int AS version, pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS reads_stats,
  pg_backend_pid() AS backend_pid, current_setting('max_connections')::int AS max_connections,
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
  (SELECT count(*)::int FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL) AS used,
  (SELECT count(*)::int FROM pg_replication_slots WHERE ${isUnread}) AS unread_slots,
  (SELECT coalesce(max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)), 0)::bigint::text::float8
    FROM pg_replication_slots WHERE ${isUnread}) AS unread_wal,
  (SELECT coalesce(json_object_agg(role, n), '{}') FROM (SELECT coalesce(usename, '') AS role, count(*)::int AS n FROM pg_stat_activity
    WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL GROUP BY 1) r) AS used_by,
  (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS role_limit,
  (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
  ${millis('idle_in_transaction_session_timeout')} AS idle_in_transaction_session_timeout,
  coalesce(${millis('idle_session_timeout')}, 0) AS idle_session_timeout,
  ${millis('transaction_timeout')} AS transaction_timeout,
  ${bytes('work_mem')} AS work_mem, ${bytes('shared_buffers')} AS shared_buffers,
  current_setting('max_parallel_workers_per_gather')::int AS parallel_workers, pg_is_in_recovery() AS standby,
  (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS superuser`

/** The settings that a transaction of poolsafe changes. */
type Limits = Pick<DatabaseFacts, 'statement_timeout' | 'lock_timeout' | 'database' | 'role'>

const limitsQuery = `SELECT ${millis('statement_timeout')} AS statement_timeout, ${millis('lock_timeout')} AS lock_timeout, current_database()::text AS database, session_user::text AS role`

const sessionQuery = `SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '1 min')::int AS idle_in_transaction,
  max(floor(extract(epoch FROM clock_timestamp() - state_change))::int) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction_seconds,
  (SELECT count(*)::int FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND a.state = 'idle' AND a.xact_start IS NULL) AS held_locks
  FROM pg_stat_activity`

/**
 * Asks the database, and whatever else is connected.
 *
 * @throws DatabaseUnreadableError if the database does not answer
 */
export async function gatherFacts(options: DoctorOptions): Promise<Facts> {
  const { connection, url, admin, direct, startup } = options
  const unseen: Unseen[] = []
  const pgbouncer = admin === undefined ? undefined : await askPgBouncer(admin, unseen)
  // Before the transaction, which has limits of its own.
  const [limits] = await askRows<Limits>(connection.ask, 'timeouts', limitsQuery)
  // The transaction would not outlive an error.
  const cluster = await clusterOf(connection.ask)
  const way = wayOf(url, limits as Limits, pgbouncer)
  const mode = modeOf(pgbouncer, way, (limits as Limits).role)
  const { database, sessions } = await askSafely(connection.ask, unseen, mode)
  const backendPid = database.backend_pid
  const { processId, parameterStatus } = connection
  const detected = poolers.detect({
    ...(url !== undefined && { url }),
    ...(parameterStatus !== undefined && { parameterStatus }),
    ...(processId !== undefined && { processId, backendPid }),
  })
  const isPooled =
    processId === undefined ? detected !== undefined && detected.profile.isDirect !== true : processId !== backendPid
  return {
    options,
    database: { ...database, ...(limits as Limits) },
    sessions,
    detected,
    isPooled,
    pgbouncer,
    way,
    startup: startup?.ask === undefined ? [] : await tryStartup(startup.ask, startup.sent),
    place: { database: (limits as Limits).database, standby: database.standby, ...cluster },
    direct: direct === undefined ? undefined : await placeOf(direct),
    unseen,
  }
}

interface Answers {
  readonly database: Omit<DatabaseFacts, keyof Limits>
  readonly sessions: SessionFacts | undefined
}

/** PgBouncer in statement mode closes the connection of a client that begins a transaction. */
async function askSafely(run: Ask, unseen: Unseen[], poolMode: string | undefined): Promise<Answers> {
  return poolMode === 'statement' ? ask(run, unseen) : readOnly(run, async () => ask(run, unseen))
}

async function ask(run: Ask, unseen: Unseen[]): Promise<Answers> {
  const [database] = await askRows<Answers['database']>(run, 'settings', databaseQuery)
  const found = await askRows<SessionFacts>(run, 'sessions', sessionQuery).catch((error: unknown) => {
    unseen.push({ what: 'sessions', why: messageOf(error) })
  })
  return { database: database as Answers['database'], sessions: found?.[0] }
}

async function placeOf({ ask: run, processId }: DoctorConnection): Promise<Facts['direct']> {
  const [row] = await askRows<Place & { readonly pid: number }>(
    run,
    'the direct connection',
    'SELECT pg_backend_pid() AS pid, current_database()::text AS database, pg_is_in_recovery() AS standby',
  )
  const { pid = 0, database = '', standby = false } = row ?? {}
  return { isDirect: pid === processId, database, standby, ...(await clusterOf(run)) }
}

/** The number that `initdb` gives a server. Some hosts do not let everybody ask for it. */
async function clusterOf(run: Ask): Promise<Pick<Place, 'cluster'>> {
  try {
    const [row] = await run('SELECT system_identifier::text AS cluster FROM pg_control_system()')
    return row === undefined ? {} : { cluster: String(row['cluster']) }
  } catch {
    return {}
  }
}

/** The console knows neither transactions nor functions. */
async function askPgBouncer(admin: Ask, unseen: Unseen[]): Promise<PgBouncerFacts | undefined> {
  try {
    const config = await admin('SHOW CONFIG')
    const [version] = await admin('SHOW VERSION')
    return {
      version: /\d+\.\d+(?:\.\d+)?/.exec(JSON.stringify(version))?.[0] ?? '',
      config: Object.fromEntries(config.map(({ key, value }) => [String(key), String(value)])),
      databases: await admin('SHOW DATABASES'),
      pools: await admin('SHOW POOLS'),
      stats: await admin('SHOW STATS'),
      users: await admin('SHOW USERS'),
    }
  } catch (error) {
    unseen.push({ what: 'the console of PgBouncer', why: messageOf(error) })
    return undefined
  }
}

/** Settings that `options` may name in several ways: `-c a=b`, `-ca=b`, `--a=b`. */
const inOptions = /(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g

/** Returns the settings that a login sends, with those in `options` apart. */
function settingsSent(sent: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(
    Object.entries(sent).flatMap(([name, value]) =>
      name === 'options'
        ? [...value.matchAll(inOptions)].map(([, inner = '', wanted = '']): [string, string] => [
            inner.replaceAll('-', '_'),
            wanted,
          ])
        : [[name, value] as [string, string]],
    ),
  )
}

/** A setting is in force if the session has it from its client, and not from a role or a file. */
async function tryStartup(run: Ask, sent: Readonly<Record<string, string>>): Promise<StartupFact[]> {
  const names = [...settingsSent(sent).keys()].map((name) => `'${name.replaceAll("'", "''")}'`)
  if (names.length === 0) return []
  return (
    await askRows<{ readonly name: string; readonly in_force: boolean }>(
      run,
      'the settings of the login',
      `SELECT n AS name, coalesce((SELECT source IN ('client', 'session') FROM pg_settings WHERE name = lower(n)), false) AS in_force FROM unnest(ARRAY[${names.join(', ')}]) n`,
    )
  ).map(({ name, in_force: isInForce }) => ({ name, isInForce }))
}
