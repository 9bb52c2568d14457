import type { ResolvedWatch } from './options.ts'
import { isUnchanged, patternOf, verdictOf, type Known } from './verdicts.ts'

/** All watches of a database use this advisory lock: 'pool', 'safe' as numbers. */
export const lockKey = '1886351212, 1935763045'

const slots = `current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true), '0')::int`

/** Without pg_read_all_stats the type of other roles' sessions is hidden: they count as clients. */
const isClient = "coalesce(a.backend_type, 'client backend') = 'client backend' AND a.usesysid IS NOT NULL"

/** How many connections are used. Costs less than {@link actStatement}. */
export const useStatement: string = `SELECT count(*)::int AS used, ${slots} AS slots, extract(epoch FROM clock_timestamp())::float8 * 1000 AS now FROM pg_stat_get_activity(NULL) a WHERE ${isClient}`

/** How often, and how long in between, the statement waits for the end of the processes. */
const looks = 250
const pause = 0.02

/** Empties the copy of all sessions that PostgreSQL keeps for a transaction. A part of an expression, so that it runs first. */
const fresh = "pg_stat_clear_snapshot()::text = ''"

/**
 * One statement that looks, decides and acts, under a lock that ends with it.
 *
 * - The lock comes first: the list of sessions depends on it, so a second watch sees what the first has done.
 * - Each connection is looked at again immediately before its end. `backend_start` and `state_change` must be the same, so
 *   it is neither another process with the same id, nor has anything run on it.
 * - The lock is held until the processes have ended, so the next watch does not count them.
 */
export function actStatement(options: ResolvedWatch, known: Known): string {
  const { apply, aboveShare } = options
  const isStill = `EXISTS (SELECT FROM pg_stat_get_activity(CASE WHEN ${fresh} THEN c.pid ELSE c.pid END) a WHERE ${isUnchanged})`
  return `WITH RECURSIVE turn AS MATERIALIZED (SELECT ${apply ? `pg_try_advisory_xact_lock(${lockKey})` : 'true'} AS is_mine),
activity AS MATERIALIZED (
  SELECT a.pid, a.usesysid, a.application_name AS application, a.state, a.query, a.wait_event, a.xact_start, a.backend_start,
    a.state_change, a.client_addr, a.backend_xid, a.backend_xmin, a.backend_type, r.rolname::text AS role, r.rolsuper, d.datname::text AS database
  FROM turn CROSS JOIN LATERAL pg_stat_get_activity(CASE WHEN turn.is_mine AND ${fresh} THEN NULL::int ELSE 0 END) a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid LEFT JOIN pg_database d ON d.oid = a.datid WHERE ${isClient}),
held AS MATERIALIZED (SELECT DISTINCT l.pid FROM pg_locks l WHERE l.pid IS NOT NULL),
bound AS MATERIALIZED (SELECT o.pid FROM (SELECT active_pid AS pid FROM pg_replication_slots${ownersOfTemporary(known)}) o WHERE o.pid IS NOT NULL),
judged AS MATERIALIZED (SELECT a.*, ${verdictOf(options, known)} AS verdict, ${patternOf(options)} AS pattern FROM activity a),
use AS MATERIALIZED (SELECT count(*)::int AS used, ${slots} AS slots, greatest(count(*) - floor((${slots}) * ${aboveShare}), 0)::int AS excess FROM activity),
candidates AS MATERIALIZED (SELECT * FROM judged WHERE verdict = 'close' ORDER BY state_change, pid),
closed AS MATERIALIZED (
  SELECT c.* FROM candidates c WHERE ${apply ? `CASE WHEN ${isStill} THEN pg_terminate_backend(c.pid) ELSE false END` : 'true'}
  LIMIT (SELECT excess FROM use)),
ending(n, remaining) AS (
  SELECT 0, (SELECT count(*) FROM closed) * ${apply ? 1 : 0}
  UNION ALL
  SELECT e.n + 1, s.remaining FROM ending e, LATERAL (
    SELECT count(*) AS remaining FROM pg_stat_get_activity(CASE WHEN e.n >= 0 AND pg_sleep(${pause})::text = '' AND ${fresh} THEN NULL::int ELSE 0 END) a
    JOIN closed c ON c.pid = a.pid AND c.backend_start = a.backend_start) s
  WHERE e.remaining > 0 AND e.n < ${looks})
SELECT turn.is_mine AS "isMine", use.used, use.slots,
  (SELECT remaining FROM ending ORDER BY n DESC LIMIT 1)::int AS remaining,
  (SELECT coalesce(json_agg(q), '[]') FROM (
    SELECT pid, application, pattern, role, database, host(client_addr) AS address,
      floor(extract(epoch FROM clock_timestamp() - state_change) * 1000)::int8 AS "idleMillis" FROM closed ORDER BY state_change, pid) q) AS closed,
  (SELECT coalesce(json_agg(q), '[]') FROM (
    SELECT application, coalesce(role, '') AS role, coalesce(database, '') AS database, verdict, count(*)::int AS count
    FROM judged GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT 20) q) AS groups
FROM turn, use`
}

/** Before PostgreSQL 16 nothing says which process a temporary schema belongs to. */
function ownersOfTemporary({ version }: Known): string {
  if (version < 160_000) return ''
  return ` UNION SELECT pg_stat_get_backend_pid(substring(n.nspname FROM '^pg_temp_(\\d+)$')::int) FROM pg_namespace n
    WHERE n.nspname ~ '^pg_temp_\\d+$' AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)`
}
