import { counted } from '@poolsafe/core/internal'
import { expecting, unseen, type Check } from './check.ts'
import { slotsOf } from './check-database.ts'
import type { Facts, PgBouncerFacts } from './facts.ts'

/** Compares the connections of all processes and pools with what the pooler and the server allow. */
export function checkSums(facts: Facts): Check[] {
  const { isPooled, pgbouncer } = facts
  if (!isPooled)
    return [clientsOf(facts, 'connections/sum', slotsOf(facts.database), 'PostgreSQL has'), ...limits(facts)]
  if (pgbouncer === undefined) return []
  const most = Number(pgbouncer.config['max_client_conn'] ?? 0) * (facts.options.poolers ?? 1)
  return [
    clientsOf(facts, 'pgbouncer/max-client-conn', most, 'max_client_conn allows'),
    serverSum(facts, pgbouncer),
    ...limits(facts),
  ]
}

function clientsOf({ options: { processes, pool } }: Facts, id: string, room: number, has: string): Check {
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
      remedy: id.startsWith('pgbouncer')
        ? `max_client_conn = ${Math.ceil(sum * 1.2)}, or smaller pools`
        : `pools of at most ${Math.floor(room / processes)}, or a transaction pooler`,
    },
  )
}

/** Server connections that this PgBouncer may open, and all PgBouncers together. */
function serverSum({ database, options: { poolers = 1 } }: Facts, pgbouncer: PgBouncerFacts): Check {
  const each = mostServers(pgbouncer)
  const sum = each * poolers
  const slots = slotsOf(database)
  return expecting(
    'pgbouncer/default-pool-size',
    sum <= slots,
    `${counted(poolers, 'pooler')} × ${counted(each, 'server connection')} = ${sum}; PostgreSQL has ${slots}`,
    {
      why: 'pool_size is for each pair of database and user, and for each pooler; it is no total',
      remedy: `max_db_connections = ${Math.max(Math.floor(slots / poolers), 1)}, or a smaller default_pool_size`,
    },
  )
}

/**
 * The sum over databases: pairs in use × (pool_size + reserve_pool), at most max_connections of the database; and no
 * more than max_user_connections for each user of all databases.
 */
function mostServers({ databases, pools, config }: PgBouncerFacts): number {
  const ofDatabases = databases
    .filter((row) => row['name'] !== 'pgbouncer')
    .reduce((sum, row) => {
      const users = usersIn(pools.filter((pool) => pool['database'] === row['name']))
      const size = Number(row['pool_size'] ?? 0) + Number(row['reserve_pool_size'] ?? row['reserve_pool'] ?? 0)
      const cap = Number(row['max_connections'] ?? 0)
      const wanted = Math.max(users, 1) * size
      return sum + (cap > 0 ? Math.min(wanted, cap) : wanted)
    }, 0)
  const ofUser = Number(config['max_user_connections'] ?? 0)
  const users = usersIn(pools.filter((pool) => pool['database'] !== 'pgbouncer'))
  return ofUser > 0 ? Math.min(ofDatabases, Math.max(users, 1) * ofUser) : ofDatabases
}

function usersIn(pools: PgBouncerFacts['pools']): number {
  return new Set(pools.map((pool) => pool['user'])).size
}

/** Limits of the role and of the database. */
function limits({ database, isPooled, pgbouncer, options }: Facts): Check[] {
  const { processes, pool, poolers = 1 } = options
  const needed = isPooled
    ? pgbouncer && mostServers(pgbouncer) * poolers
    : processes !== undefined && pool !== undefined
      ? processes * pool
      : undefined
  const limit = Math.min(...[database.role_limit, database.database_limit].filter((each) => each >= 0))
  if (needed === undefined || !Number.isFinite(limit)) return []
  return [
    expecting('connections/limit', needed <= limit, `${needed} connections; role and database allow ${limit}`, {
      why: 'CONNECTION LIMIT of the role or the database refuses the rest',
      remedy: `ALTER ROLE ${database.role} CONNECTION LIMIT ${needed}`,
    }),
  ]
}
