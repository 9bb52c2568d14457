import { counted } from '@poolsafe/core/internal'
import { expecting, unseen, type Check } from './check.ts'
import { slotsOf } from './check-database.ts'
import type { Facts } from './facts.ts'
import { clientLimit, mostServers, poolsOf, type PgBouncerFacts } from './pgbouncer-way.ts'

/** Compares the connections of all processes and pools with what the pooler and the server allow. */
export function checkSums(facts: Facts): Check[] {
  const { isPooled, pgbouncer } = facts
  if (!isPooled)
    return [clientsOf(facts, 'connections/sum', slotsOf(facts.database), undefined), ...others(facts), ...limits(facts)]
  if (pgbouncer === undefined) return []
  const { name, room } = clientLimit(pgbouncer, facts.way)
  return [
    clientsOf(facts, 'pgbouncer/max-client-conn', room * (facts.options.poolers ?? 1), name),
    serverSum(facts, pgbouncer),
    ...others(facts),
    ...limits(facts),
  ]
}

/** `limit` is the setting of PgBouncer that allows no more. */
function clientsOf({ options }: Facts, id: string, room: number, limit: string | undefined): Check {
  const { processes, pool, poolers = 1 } = options
  const has = limit === undefined ? 'PostgreSQL has' : `${limit} allows`
  if (processes === undefined || pool === undefined)
    return unseen(
      id,
      `${has} ${room} connections`,
      'the number of processes and their pools are not known',
      'give --processes and --pool',
    )
  const sum = processes * pool
  return expecting(
    id,
    sum <= room,
    `${counted(processes, 'process')} × ${pool} = ${counted(sum, 'connection')}; ${has} ${room}`,
    {
      why: 'when all processes are busy, or during a rolling update, logins fail',
      remedy:
        limit !== undefined
          ? `${limit} = ${Math.ceil((sum * 1.2) / Math.max(poolers - 1, 1))}, or smaller pools`
          : `pools of at most ${Math.floor(room / processes)}, or a transaction pooler`,
    },
  )
}

/** Server connections that this PgBouncer may open, and all PgBouncers together. */
function serverSum(facts: Facts, pgbouncer: PgBouncerFacts): Check {
  const {
    database,
    way,
    options: { poolers = 1 },
  } = facts
  const each = mostServers(pgbouncer, way, database.role)
  const sum = each * poolers
  const slots = slotsOf(database)
  return expecting(
    'pgbouncer/default-pool-size',
    sum <= slots,
    `${counted(poolers, 'pooler')} × ${counted(each, 'server connection')} = ${sum}; PostgreSQL has ${slots}`,
    {
      why: 'pool_size is for each pair of database and user, and for each pooler; it is no total',
      remedy: `${limitFor(facts, pgbouncer, slots / poolers)}, or a smaller default_pool_size`,
    },
  )
}

/** Other applications, jobs and people take from the same number. A sum that is too large by itself is another check. */
function others(facts: Facts): Check[] {
  const { pgbouncer, way, database } = facts
  const slots = slotsOf(database)
  const needed = neededBy(facts, {})
  if (needed === undefined || needed > slots) return []
  const own = pgbouncer === undefined ? new Set([database.role]) : poolsOf(pgbouncer, way, database.role).users
  const open = Object.entries(database.used_by).reduce((sum, [role, count]) => sum + (own.has(role) ? 0 : count), 0)
  return [
    expecting(
      'connections/others',
      needed + open <= slots,
      `${needed} of this application at most, and ${open} of other roles now; PostgreSQL has ${slots}`,
      {
        status: 'warning',
        why: 'others hold connections, so logins fail with 53300 before the application has all of its own',
        remedy: `at most ${Math.max(slots - open, 1)} for this application: smaller pools, or a larger max_connections`,
      },
    ),
  ]
}

/** One limit is for each database, the other for each user. The one with fewer of them leaves more to each. */
function limitFor({ way, database: { role } }: Facts, pgbouncer: PgBouncerFacts, room: number): string {
  const { databases, users } = poolsOf(pgbouncer, way, role)
  const [name, { size }] =
    users.size < databases.size ? ['max_user_connections', users] : ['max_db_connections', databases]
  return `${name} = ${Math.max(Math.floor(room / size), 1)}`
}

/** Limits of the role and of the database. */
function limits(facts: Facts): Check[] {
  const { role, database, role_limit: ofRole, database_limit: ofDatabase } = facts.database
  const [first] = [
    { limit: ofRole, needed: neededBy(facts, { role }), remedy: `ALTER ROLE ${role}` },
    { limit: ofDatabase, needed: neededBy(facts, { database }), remedy: `ALTER DATABASE ${database}` },
  ]
    .filter(({ limit, needed }) => limit >= 0 && needed !== undefined)
    .toSorted((one, other) => one.limit - (one.needed ?? 0) - other.limit + (other.needed ?? 0))
  if (first?.needed === undefined) return []
  const { limit, needed, remedy } = first
  return [
    expecting('connections/limit', needed <= limit, `${needed} connections; role and database allow ${limit}`, {
      why: 'CONNECTION LIMIT of the role or the database refuses the rest',
      remedy: `${remedy} CONNECTION LIMIT ${needed}`,
    }),
  ]
}

/** How many connections the role, or all roles in the database, may open. */
function neededBy(
  { isPooled, pgbouncer, options, way, database: { role } }: Facts,
  only: { readonly role?: string; readonly database?: string },
): number | undefined {
  const { processes, pool, poolers = 1 } = options
  if (isPooled) return pgbouncer && mostServers(pgbouncer, way, role, only) * poolers
  return processes !== undefined && pool !== undefined ? processes * pool : undefined
}
