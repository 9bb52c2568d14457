import { expecting, unseen, type Check } from './check.ts'
import type { Facts } from './facts.ts'
import { modeOf, type PgBouncerFacts } from './pgbouncer-way.ts'

/** PgBouncer's own settings. */
export function checkPgBouncer(facts: Facts): Check[] {
  const { isPooled, pgbouncer, unseen: missing } = facts
  if (!isPooled) return []
  if (pgbouncer === undefined) {
    const why = missing.find(({ what }) => what.includes('PgBouncer'))?.why ?? 'no connection to it was given'
    return [
      unseen(
        'pgbouncer/console',
        'the pooler’s own settings were not read',
        why,
        'for PgBouncer: stats_users = <role>, and --admin-url postgresql://<role>@host:6432/pgbouncer',
      ),
    ]
  }
  return [
    version(pgbouncer),
    mode(facts, pgbouncer),
    resetQuery(pgbouncer),
    preparedStatements(facts, pgbouncer),
    ignored(pgbouncer),
    queryWait(facts, pgbouncer),
    lifetime(pgbouncer),
    clientIdle(pgbouncer),
    queryTimeout(facts, pgbouncer),
    waiting(pgbouncer),
    averageWait(facts, pgbouncer),
  ]
}

/** The newest version that fixes known vulnerabilities. Source: PgBouncer’s NEWS.md of May 2026. */
const safeVersion = [1, 25, 2] as const

function version({ version: found }: PgBouncerFacts): Check {
  return expecting('pgbouncer/version', isAtLeast(found, safeVersion), `PgBouncer ${found}`, {
    status: 'warning',
    why: `versions before ${safeVersion.join('.')} have known vulnerabilities`,
    remedy: 'upgrade PgBouncer',
  })
}

function isAtLeast(given: string, least: readonly number[]): boolean {
  const parts = given.split('.').map(Number)
  const at = least.findIndex((part, index) => (parts[index] ?? 0) !== part)
  return at < 0 || (parts[at] ?? 0) > (least[at] ?? 0)
}

function mode({ database: { role }, way }: Facts, pgbouncer: PgBouncerFacts): Check {
  const found = modeOf(pgbouncer, way, role) ?? 'unknown'
  return expecting(
    'pgbouncer/pool-mode',
    found === 'transaction',
    `pool_mode = ${found} for ${way.database} and ${role}`,
    {
      status: found === 'session' ? 'warning' : 'failure',
      why:
        found === 'session'
          ? 'a client keeps its server connection until it disconnects, so the pooler saves nothing for an application with its own pools'
          : 'statement mode refuses transactions of several statements',
      remedy: 'pool_mode = transaction, for the database in [databases] or for all',
    },
  )
}

function resetQuery({ config }: PgBouncerFacts): Check {
  const isAlways = config['server_reset_query_always'] === '1'
  return expecting(
    'pgbouncer/server-reset-query',
    !isAlways,
    `server_reset_query_always = ${config['server_reset_query_always'] ?? '0'}`,
    {
      status: 'warning',
      why: 'each transaction pays for a reset, and DISCARD ALL removes prepared statements',
      remedy: 'server_reset_query_always = 0, and no session state in the application',
    },
  )
}

/** In session mode the statements of a client are on its own server connection. */
function preparedStatements(facts: Facts, pgbouncer: PgBouncerFacts): Check {
  const { options, database, way } = facts
  const { namedStatements = false } = options
  const { config } = pgbouncer
  const isSession = modeOf(pgbouncer, way, database.role) === 'session'
  const found = Number(config['max_prepared_statements'] ?? 0)
  const isSupported = 'max_prepared_statements' in config
  return expecting(
    'pgbouncer/max-prepared-statements',
    found > 0 || isSession,
    isSupported ? `max_prepared_statements = ${found}` : 'this version has no max_prepared_statements',
    {
      status: namedStatements ? 'failure' : 'warning',
      why: 'named statements fail with “prepared statement does not exist”',
      remedy: isSupported ? 'max_prepared_statements = 200' : 'PgBouncer 1.21 or later, or no named statements',
    },
  )
}

/** PgBouncer keeps these for each client, whatever its list says. */
const trackedParameters = [
  'client_encoding',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
  'application_name',
]

/** Only changes how many digits of a number are shown. Drivers of Java and Go send it at every login. */
const harmlessParameters = ['extra_float_digits']

function ignored({ config }: PgBouncerFacts): Check {
  const found = config['ignore_startup_parameters'] ?? ''
  const kept = new Set([...trackedParameters, ...harmlessParameters, ...namesIn(config['track_extra_parameters'])])
  const lost = namesIn(found).filter((name) => !kept.has(name))
  return expecting(
    'pgbouncer/ignore-startup-parameters',
    lost.length === 0,
    `ignore_startup_parameters = ${found === '' ? '(none)' : found}`,
    {
      status: 'warning',
      why: `a client that sends ${lost.join(', ')} gets no error and no effect`,
      remedy: 'ALTER ROLE … SET for the role of the application, and take them off the list',
    },
  )
}

function namesIn(list = ''): string[] {
  return list
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function queryWait({ options: { requestTimeoutMillis = 30_000 } }: Facts, { config }: PgBouncerFacts): Check {
  const seconds = Number(config['query_wait_timeout'] ?? 0)
  return expecting(
    'pgbouncer/query-wait-timeout',
    seconds > 0 && seconds * 1000 <= requestTimeoutMillis,
    `query_wait_timeout = ${seconds} s`,
    {
      status: seconds === 0 ? 'failure' : 'warning',
      why:
        seconds === 0
          ? 'a client may wait for a server connection forever'
          : `requests end after ${requestTimeoutMillis / 1000} s, so the pooler queues for clients that are gone`,
      remedy: `query_wait_timeout = ${Math.max(Math.floor(requestTimeoutMillis / 5000), 1)}`,
    },
  )
}

function lifetime({ config }: PgBouncerFacts): Check {
  const seconds = Number(config['server_lifetime'] ?? 0)
  return expecting('pgbouncer/server-lifetime', seconds >= 60 && seconds <= 86_400, `server_lifetime = ${seconds} s`, {
    status: 'warning',
    why:
      seconds < 60
        ? 'server connections are opened all the time'
        : 'what is left on a server connection stays for more than a day',
    remedy: 'server_lifetime = 3600',
  })
}

function clientIdle({ config }: PgBouncerFacts): Check {
  const seconds = Number(config['client_idle_timeout'] ?? 0)
  return expecting('pgbouncer/client-idle-timeout', seconds === 0, `client_idle_timeout = ${seconds} s`, {
    status: 'warning',
    why: 'PgBouncer closes idle connections of the application’s pools, which do not expect it',
    remedy: 'client_idle_timeout = 0; the pool closes its idle connections itself (idleTimeoutMillis)',
  })
}

/** PgBouncer closes the connection; PostgreSQL only ends the statement. */
function queryTimeout({ database: { statement_timeout: ofServer, role } }: Facts, { config }: PgBouncerFacts): Check {
  const seconds = Number(config['query_timeout'] ?? 0)
  const isLast = seconds === 0 || (ofServer > 0 && ofServer < seconds * 1000)
  return expecting('pgbouncer/query-timeout', isLast, `query_timeout = ${seconds} s`, {
    status: 'warning',
    why: 'PgBouncer closes the connections of client and server, and the transaction is lost without an error of PostgreSQL',
    remedy: `ALTER ROLE ${role} SET statement_timeout = '${Math.max(seconds - 1, 1)}s', or query_timeout = 0`,
  })
}

function waiting({ pools }: PgBouncerFacts): Check {
  const clients = pools.reduce((sum, pool) => sum + Number(pool['cl_waiting'] ?? 0), 0)
  const longest = Math.max(0, ...pools.map((pool) => Number(pool['maxwait'] ?? 0)))
  return expecting(
    'pgbouncer/waiting',
    clients === 0 || longest < 1,
    `${clients} clients wait, the longest for ${longest} s`,
    {
      status: 'warning',
      why: 'all server connections of a pool are in use',
      remedy: 'shorter transactions; a larger default_pool_size only while the database has idle cores',
    },
  )
}

/** The longest average wait for a server connection with which nothing is wrong, in milliseconds. */
const mostAverageWait = 10

/** PgBouncer computes averages over its stats_period, a minute by default. Without a load they show only its first login. */
function averageWait({ way }: Facts, { stats }: PgBouncerFacts): Check {
  const row = stats.find((each) => each['database'] === way.database)
  const isLoaded = Number(row?.['avg_xact_count'] ?? 0) >= 1
  const millis = Math.round(Number(row?.['avg_wait_time'] ?? 0) / 1000)
  return expecting(
    'pgbouncer/average-wait',
    !isLoaded || millis <= mostAverageWait,
    isLoaded ? `clients wait for ${millis} ms on average` : 'there is no load by which to measure the wait of clients',
    {
      status: 'warning',
      why: 'the pool is too small for the load, or transactions are too long',
      remedy:
        'find what holds connections: `use_seconds` of poolsafe’s metrics, and SHOW STATS; then default_pool_size',
    },
  )
}
