import { tryRows, type Ask, type Unseen } from '../ask/ask.ts'

/** A session-level advisory lock whose session is in no transaction. */
export interface HeldLock {
  readonly pid: number
  /** One number, or two with a comma. */
  readonly key: string
  readonly mode: string
  readonly role: string
  /** The name that the last client gave. Behind a pooler it need not be the client that took the lock. */
  readonly application: string
  /** The least age, in seconds. */
  readonly held_for_seconds: number
  /** Sessions that wait for the lock, and the longest wait in seconds. */
  readonly waiting: number
  readonly waiting_for_seconds: number | null
  /** The tool that uses this key, if it is known. */
  readonly tool?: string
}

/** A session that has left a transaction open. */
export interface OpenTransaction {
  readonly pid: number
  readonly role: string
  readonly application: string
  readonly state: string
  readonly transaction_for_seconds: number
  readonly idle_for_seconds: number
  /** Sessions that wait for its locks. */
  readonly blocks: number
}

/** A transaction that a PREPARE TRANSACTION has left. */
export interface PreparedTransaction {
  readonly owner: string
  readonly for_seconds: number
}

/** Temporary objects of one session. */
export interface TemporaryObjects {
  /** `null` if the session has ended, and before PostgreSQL 16, which does not show it. */
  readonly pid: number | null
  readonly objects: number
  readonly application: string | null
}

/** A setting of a role or of a database. Its value is shown only for settings that poolsafe knows to be no secret. */
export interface RoleSetting {
  readonly role: string
  readonly database: string
  readonly name: string
  readonly value: string | null
}

/** A role or a database with a limit of its own. */
export interface ConnectionLimit {
  readonly kind: 'role' | 'database'
  readonly name: string
  readonly limit: number
}

/** The sessions that are there now. */
export interface Sessions {
  readonly heldLocks: readonly HeldLock[]
  readonly openTransactions: readonly OpenTransaction[]
  readonly preparedTransactions: readonly PreparedTransaction[]
  readonly temporaryObjects: readonly TemporaryObjects[]
  readonly roleSettings: readonly RoleSetting[]
  readonly connectionLimits: readonly ConnectionLimit[]
  /** Extensions that keep state in the session. */
  readonly extensions: readonly string[]
}

/** Keys of tools that take a session lock. */
const knownKeys: Readonly<Record<string, string>> = {
  '72707369': 'Prisma Migrate',
  '-8525285245963000605': 'postgres-migrations',
}

/** Extensions with functions whose state stays in the server process. */
const keepsState = [
  'dblink',
  'postgres_fdw',
  'pg_variables',
  'hypopg',
  'orafce',
  'pg_trgm',
  'set_user',
  'plv8',
  'pltcl',
  'plperl',
  'plpython3u',
]

/** Settings that hold no secret. */
const shownSettings =
  "'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout', 'search_path', 'work_mem', 'maintenance_work_mem', 'role', 'timezone', 'client_encoding', 'datestyle', 'jit', 'default_transaction_isolation', 'default_transaction_read_only', 'log_min_duration_statement'"

const seconds = (interval: string): string => `floor(extract(epoch FROM ${interval}))::int`

function sessionQueries(version: number): Readonly<Record<keyof Sessions, string>> {
  const waitStart = version >= 140_000 ? `max(${seconds('clock_timestamp() - w.waitstart')})` : 'NULL'
  // Before version 16 the function counts sessions, and names another one as soon as one has ended.
  const owner = version >= 160_000 ? "pg_stat_get_backend_pid(substring(n.nspname FROM '\\d+$')::int)" : 'NULL::int'
  const waits = (what: string): string =>
    `(SELECT ${what} FROM pg_locks w WHERE w.locktype = 'advisory' AND NOT w.granted AND (w.database, w.classid, w.objid, w.objsubid) = (l.database, l.classid, l.objid, l.objsubid))`
  return {
    heldLocks: `SELECT l.pid, CASE l.objsubid WHEN 1 THEN ((l.classid::bigint << 32) | l.objid::bigint)::text
        ELSE l.classid::int8::text || ', ' || l.objid::int8::text END AS key, l.mode,
        a.usename AS role, a.application_name AS application,
        ${seconds('clock_timestamp() - a.state_change')} AS held_for_seconds,
        ${waits('count(*)::int')} AS waiting, ${waits(waitStart)} AS waiting_for_seconds
      FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND a.state = 'idle' AND a.xact_start IS NULL
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY a.state_change`,
    openTransactions: `SELECT pid, usename AS role, application_name AS application, state,
        ${seconds('clock_timestamp() - xact_start')} AS transaction_for_seconds,
        ${seconds('clock_timestamp() - state_change')} AS idle_for_seconds,
        (SELECT count(*)::int FROM pg_stat_activity w WHERE a.pid = ANY (pg_blocking_pids(w.pid))) AS blocks
      FROM pg_stat_activity a WHERE state LIKE 'idle in transaction%' AND pid <> pg_backend_pid() ORDER BY xact_start`,
    preparedTransactions: `SELECT owner, ${seconds('clock_timestamp() - prepared')} AS for_seconds
      FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`,
    temporaryObjects: `SELECT ${owner} AS pid,
        count(*)::int AS objects, max(a.application_name) AS application
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_stat_activity a ON a.pid = ${owner}
      WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'v', 'S', 'p') AND n.nspname ~ '^pg_temp_\\d+$'
      GROUP BY n.nspname, 1 ORDER BY n.nspname`,
    roleSettings: `SELECT coalesce(r.rolname, '*') AS role, coalesce(d.datname, '*') AS database,
        split_part(s, '=', 1) AS name,
        CASE WHEN lower(split_part(s, '=', 1)) IN (${shownSettings}) THEN substr(s, strpos(s, '=') + 1) END AS value
      FROM pg_db_role_setting x LEFT JOIN pg_roles r ON r.oid = x.setrole LEFT JOIN pg_database d ON d.oid = x.setdatabase
      CROSS JOIN unnest(x.setconfig) s ORDER BY 1, 2, 3`,
    connectionLimits: `SELECT 'role' AS kind, rolname AS name, rolconnlimit AS "limit" FROM pg_roles WHERE rolconnlimit >= 0
      UNION ALL SELECT 'database', datname, datconnlimit FROM pg_database WHERE datconnlimit >= 0 ORDER BY 1, 2`,
    extensions: `SELECT extname AS name FROM pg_extension
      WHERE extname IN (${keepsState.map((name) => `'${name}'`).join(', ')}) ORDER BY 1`,
  }
}

/** Looks at the sessions of the server. A query that is refused is noted in `unseen`. */
export async function readSessions(ask: Ask, version: number, unseen: Unseen[]): Promise<Sessions> {
  const queries = sessionQueries(version)
  const rows = async <Row>(name: keyof Sessions): Promise<Row[]> => tryRows<Row>(ask, name, queries[name], unseen)
  const locks = await rows<HeldLock>('heldLocks')
  return {
    heldLocks: locks.map((lock) => {
      const tool = knownKeys[lock.key]
      return tool === undefined ? lock : Object.assign(lock, { tool })
    }),
    openTransactions: await rows<OpenTransaction>('openTransactions'),
    preparedTransactions: await rows<PreparedTransaction>('preparedTransactions'),
    temporaryObjects: await rows<TemporaryObjects>('temporaryObjects'),
    roleSettings: await rows<RoleSetting>('roleSettings'),
    connectionLimits: await rows<ConnectionLimit>('connectionLimits'),
    extensions: (await rows<{ readonly name: string }>('extensions')).map(({ name }) => name),
  }
}
