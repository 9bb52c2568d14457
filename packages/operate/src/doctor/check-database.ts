import { counted } from '@poolsafe/core/internal'
import { expecting, unseen, type Check } from './check.ts'
import type { DatabaseFacts, Facts } from './facts.ts'

/** Ends of support. Source: postgresql.org/support/versioning. */
const endOfSupport: Readonly<Record<number, string>> = {
  13: '2025-11-13',
  14: '2026-11-12',
  15: '2027-11-11',
  16: '2028-11-09',
  17: '2029-11-08',
  18: '2030-11-14',
}

/** The database itself, asked through the application's connection. */
export function checkDatabase(facts: Facts): Check[] {
  return [
    version(facts),
    superuser(facts),
    standby(facts),
    ...timeouts(facts),
    statementWithinRequest(facts),
    ...transactions(facts),
    idleSessions(facts),
    use(facts.database),
    reservedSlots(facts.database),
    ...sessions(facts),
    replication(facts.database),
    memory(facts),
  ]
}

function version({ database, options: { now = new Date() } }: Facts): Check {
  const major = Math.floor(database.version / 10_000)
  const end = endOfSupport[major] ?? (major < 13 ? '2024-11-21' : undefined)
  const isSupported = end === undefined || now < new Date(end)
  return expecting('postgres/version', isSupported, `PostgreSQL ${major}.${database.version % 10_000}`, {
    status: 'warning',
    why: `its support ended on ${end}`,
    remedy: 'upgrade to a supported major version',
  })
}

function superuser({ database: { superuser: isSuperuser, role } }: Facts): Check {
  return expecting(
    'connection/role',
    !isSuperuser,
    `the application logs in as ${role}${isSuperuser ? ', a superuser' : ''}`,
    {
      why: 'it takes the connections that are reserved for you in an emergency, and passes by row-level security',
      remedy: 'a role of its own: CREATE ROLE app LOGIN, with the rights that it needs',
    },
  )
}

function standby({ database: { standby: isStandby, database } }: Facts): Check {
  return expecting(
    'connection/primary',
    !isStandby,
    `the URL leads to ${isStandby ? 'a standby of ' : ''}${database}`,
    {
      status: 'warning',
      why: 'a standby only reads: every INSERT, UPDATE and DELETE fails',
      remedy: 'the host of the primary, or target_session_attrs=read-write in the URL; a pool that only reads may stay',
    },
  )
}

/** Timeouts as they are in force through the pooler. */
function timeouts({ database, isPooled }: Facts): Check[] {
  const where = isPooled
    ? `ALTER ROLE ${database.role} SET`
    : `ALTER ROLE ${database.role} SET, or the options of the pool:`
  const check = (
    name: 'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout',
    why: string,
    value: string,
  ): Check =>
    expecting(`timeouts/${name.replaceAll('_', '-')}`, database[name] > 0, `${name} = ${database[name]} ms`, {
      status: name === 'lock_timeout' ? 'warning' : 'failure',
      why,
      remedy: `${where} ${name} = '${value}'`,
    })
  return [
    check(
      'idle_in_transaction_session_timeout',
      'a client that stops inside a transaction keeps its locks and its server connection forever',
      '30s',
    ),
    check('statement_timeout', 'one statement may keep a server connection forever', '30s'),
    check('lock_timeout', 'a migration that waits for a lock stops every statement behind it', '5s'),
  ]
}

/** A wait ends before the wait around it, so nothing works for a caller that is gone. */
function statementWithinRequest({ database, options: { requestTimeoutMillis = 30_000 } }: Facts): Check {
  const { statement_timeout: found, role } = database
  return expecting(
    'timeouts/statement-within-request',
    found <= requestTimeoutMillis,
    `statement_timeout = ${found} ms, and a request ends after ${requestTimeoutMillis} ms`,
    {
      status: 'warning',
      why: 'statements go on for requests that have been given up',
      remedy: `ALTER ROLE ${role} SET statement_timeout = '${Math.max(Math.floor(requestTimeoutMillis / 1000) - 1, 1)}s'`,
    },
  )
}

/** Many short statements make a long transaction, which no other limit ends. */
function transactions({ database: { transaction_timeout: found, role }, pgbouncer }: Facts): Check[] {
  const ofPooler = Number(pgbouncer?.config['transaction_timeout'] ?? 0)
  if (found === null && ofPooler === 0) return []
  return [
    expecting(
      'timeouts/transaction-timeout',
      (found ?? 0) > 0 || ofPooler > 0,
      ofPooler > 0 ? `transaction_timeout = ${ofPooler} s (PgBouncer)` : `transaction_timeout = ${found ?? 0} ms`,
      {
        status: 'warning',
        why: 'a transaction of many short statements may keep its locks and its server connection forever',
        remedy: `ALTER ROLE ${role} SET transaction_timeout = '60s'`,
      },
    ),
  ]
}

function idleSessions({ database: { idle_session_timeout: value, role } }: Facts): Check {
  return expecting('timeouts/idle-session-timeout', value === 0, `idle_session_timeout = ${value} ms`, {
    why: 'PostgreSQL closes idle connections of pools and poolers, which do not expect it',
    remedy: `ALTER ROLE ${role} SET idle_session_timeout = 0; set it for people’s roles only`,
  })
}

/** How many connections PostgreSQL has for clients without special rights. */
export function slotsOf({ max_connections: most, reserved }: DatabaseFacts): number {
  return most - reserved
}

function use(database: DatabaseFacts): Check {
  const slots = slotsOf(database)
  const share = database.used / slots
  return expecting('connections/use', share < 0.8, `${database.used} of ${slots} connections are used`, {
    status: share >= 0.95 ? 'failure' : 'warning',
    why: 'at 100 % every login fails with 53300, too many clients already',
    remedy: 'smaller pools or a transaction pooler; `poolsafe size` has the numbers',
  })
}

/** Two connections: one for the administrator, one for what watches. PostgreSQL's default is three. */
const leastReserved = 2

function reservedSlots({ reserved: found }: DatabaseFacts): Check {
  const setting = 'superuser_reserved_connections'
  return expecting(
    'connections/reserved',
    found >= leastReserved,
    `${counted(found, 'reserved connection')} for administrators`,
    {
      status: 'warning',
      why: 'when all connections are used, nobody gets in to see why or to end one',
      remedy: `${setting} = 3`,
    },
  )
}

/** A slot keeps the WAL from its position on, until the disk is full. */
function replication({ unread_slots: count, unread_wal: bytes }: DatabaseFacts): Check {
  return expecting(
    'postgres/replication-slots',
    count === 0,
    count === 0
      ? 'no replication slot is unused'
      : `${counted(count, 'replication slot')} without a reader; the oldest keeps ${(bytes / 2 ** 20).toFixed(0)} MiB of WAL`,
    {
      status: 'warning',
      why: 'the server keeps all WAL behind the slot, until the disk is full and PostgreSQL stops',
      remedy: 'start its reader, or pg_drop_replication_slot(); max_slot_wal_keep_size bounds what a slot may keep',
    },
  )
}

function sessions({ sessions: found, database: { reads_stats: isSeen, role } }: Facts): Check[] {
  if (found === undefined || !isSeen)
    return [
      unseen(
        'sessions/idle-in-transaction',
        'sessions of other roles are hidden',
        `${role} is not a member of pg_read_all_stats`,
        `GRANT pg_read_all_stats TO ${role}`,
      ),
    ]
  return [
    expecting(
      'sessions/idle-in-transaction',
      found.idle_in_transaction === 0,
      `${found.idle_in_transaction} sessions are idle in a transaction for more than a minute`,
      {
        status: 'warning',
        why: `the longest is idle for ${found.idle_in_transaction_seconds ?? 0} s, and keeps locks and its connection`,
        remedy: 'idle_in_transaction_session_timeout; `poolsafe audit` shows which sessions',
      },
    ),
    expecting('sessions/held-locks', found.held_locks === 0, `${found.held_locks} session locks of idle sessions`, {
      status: 'warning',
      why: 'behind a pooler, the client that took such a lock can no longer release it',
      remedy: '`poolsafe audit` shows the processes; end them, and use pg_advisory_xact_lock',
    }),
  ]
}

function memory({ database, options: { ramBytes } }: Facts): Check {
  const id = 'postgres/memory'
  const { max_connections: most, work_mem: work, shared_buffers: shared, parallel_workers: workers } = database
  const needed = shared + most * work * (1 + workers)
  const gib = (value: number): string => `${(value / 2 ** 30).toFixed(1)} GiB`
  const formula = `shared_buffers + ${most} connections × work_mem × (1 + ${workers} workers) = ${gib(needed)}`
  if (ramBytes === undefined) return unseen(id, formula, 'SQL does not show the memory of the server', 'give --ram')
  return expecting(id, needed <= 0.9 * ramBytes, `${formula}, of ${gib(ramBytes)}`, {
    status: 'warning',
    why: 'if every connection sorts at once, the system ends PostgreSQL',
    remedy: `work_mem below ${Math.floor((0.9 * ramBytes - shared) / (most * (1 + workers)) / 1024)} kB, or fewer connections`,
  })
}
