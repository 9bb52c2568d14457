import type { Check } from '@poolsafe/operate'
import type { PgBouncerOptions, PgBouncerServer } from '@poolsafe/testing/servers'

/** A set-up behind PgBouncer with one fault, and what the doctor says of it. */
export interface Broken {
  readonly name: string
  readonly options: Omit<Partial<PgBouncerOptions>, 'target'>
  /** Further arguments of `poolsafe doctor`. */
  readonly more: (pooler: PgBouncerServer) => string[]
  readonly id: string
  readonly status: Check['status']
  readonly remedy: RegExp
  /** The first major version of PostgreSQL that has it. */
  readonly since?: number
}

export const broken: readonly Broken[] = [
  {
    name: 'session mode',
    options: { poolMode: 'session' },
    more: () => [],
    id: 'pgbouncer/pool-mode',
    status: 'warning',
    remedy: /pool_mode = transaction/,
  },
  {
    name: 'statement mode',
    options: { poolMode: 'statement' },
    more: () => [],
    id: 'pgbouncer/pool-mode',
    status: 'failure',
    remedy: /pool_mode = transaction/,
  },
  {
    name: 'a pool size beyond max_connections',
    options: { defaultPoolSize: 200 },
    more: () => [],
    id: 'pgbouncer/default-pool-size',
    status: 'failure',
    remedy: /max_db_connections = 9\d/,
  },
  {
    name: 'pool sizes of two poolers',
    options: { defaultPoolSize: 60 },
    more: () => ['--poolers', '2'],
    id: 'pgbouncer/default-pool-size',
    status: 'failure',
    remedy: /max_db_connections = 4\d/,
  },
  {
    name: '460 pods × 20 against 2 × 3000 clients',
    options: { settings: { max_client_conn: '3000' } },
    more: () => ['--processes', '460', '--pool', '20', '--poolers', '2'],
    id: 'pgbouncer/max-client-conn',
    status: 'failure',
    remedy: /max_client_conn = 11040/,
  },
  {
    name: 'a guard for a direct connection',
    options: {},
    more: () => ['--pooler', 'direct'],
    id: 'pooler/profile',
    status: 'failure',
    remedy: /poolers\.pgbouncer\(\)/,
  },
  {
    name: 'a guard for another pooler',
    options: {},
    more: () => ['--pooler', 'odyssey'],
    id: 'pooler/profile',
    status: 'failure',
    remedy: /poolers\.pgbouncer\(\{ version/,
  },
  {
    name: 'a timeout at login that is refused',
    options: {},
    more: ({ urlFor }) => ['--url', `${urlFor('app', 'word')}?statement_timeout=5000`],
    id: 'pooler/startup-parameters',
    status: 'failure',
    remedy: /ALTER ROLE … SET/,
  },
  {
    name: 'a timeout at login that is ignored',
    options: { settings: { ignore_startup_parameters: 'statement_timeout' } },
    more: ({ urlFor }) => ['--url', `${urlFor('app', 'word')}?statement_timeout=5000`],
    id: 'pooler/startup-parameters',
    status: 'failure',
    remedy: /ALTER ROLE … SET statement_timeout/,
  },
  {
    name: 'options at login that are ignored',
    options: { settings: { ignore_startup_parameters: 'options, lock_timeout' } },
    more: ({ urlFor }) => ['--url', `${urlFor('app', 'word')}?options=-c%20lock_timeout%3D1s`],
    id: 'pooler/startup-parameters',
    status: 'failure',
    remedy: /ALTER ROLE … SET lock_timeout/,
  },
  {
    name: 'a list that ignores timeouts',
    options: { settings: { ignore_startup_parameters: 'extra_float_digits, statement_timeout' } },
    more: () => [],
    id: 'pgbouncer/ignore-startup-parameters',
    status: 'warning',
    remedy: /take them off the list/,
  },
  {
    name: 'a wait without end',
    options: { settings: { query_wait_timeout: '0' } },
    more: () => [],
    id: 'pgbouncer/query-wait-timeout',
    status: 'failure',
    remedy: /query_wait_timeout = 6/,
  },
  {
    name: 'a wait longer than a request',
    options: { settings: { query_wait_timeout: '120' } },
    more: () => [],
    id: 'pgbouncer/query-wait-timeout',
    status: 'warning',
    remedy: /query_wait_timeout = 6/,
  },
  {
    name: 'a reset after each transaction',
    options: { settings: { server_reset_query_always: '1' } },
    more: () => [],
    id: 'pgbouncer/server-reset-query',
    status: 'warning',
    remedy: /server_reset_query_always = 0/,
  },
  {
    name: 'server connections that live for seconds',
    options: { settings: { server_lifetime: '5' } },
    more: () => [],
    id: 'pgbouncer/server-lifetime',
    status: 'warning',
    remedy: /server_lifetime = 3600/,
  },
  {
    name: 'migrations through the pooler',
    options: {},
    more: ({ urlFor }) => ['--direct-url', urlFor('app', 'word')],
    id: 'migrations/direct',
    status: 'failure',
    remedy: /DIRECT_URL/,
  },
  {
    name: 'a role without timeouts',
    options: {},
    more: ({ urlFor }) => ['--url', urlFor('bare', 'word')],
    id: 'timeouts/statement-timeout',
    status: 'failure',
    remedy: /ALTER ROLE bare SET statement_timeout/,
  },
  {
    name: 'a role without a limit for idle transactions',
    options: {},
    more: ({ urlFor }) => ['--url', urlFor('bare', 'word')],
    id: 'timeouts/idle-in-transaction-session-timeout',
    status: 'failure',
    remedy: /ALTER ROLE bare SET/,
  },
  {
    name: 'idle_session_timeout',
    since: 14,
    options: {},
    more: ({ urlFor }) => ['--url', urlFor('idle', 'word')],
    id: 'timeouts/idle-session-timeout',
    status: 'failure',
    remedy: /idle_session_timeout = 0/,
  },
  {
    name: 'a role without a limit for transactions',
    options: {},
    more: ({ urlFor }) => ['--url', urlFor('bare', 'word')],
    id: 'timeouts/transaction-timeout',
    since: 17,
    status: 'warning',
    remedy: /ALTER ROLE bare SET transaction_timeout/,
  },
  {
    name: 'statements that outlive their request',
    options: {},
    more: () => ['--request-timeout', '10000'],
    id: 'timeouts/statement-within-request',
    status: 'warning',
    remedy: /ALTER ROLE app SET statement_timeout = '9s'/,
  },
  {
    name: 'a limit of the role',
    options: {},
    more: ({ urlFor }) => ['--url', urlFor('few', 'word')],
    id: 'connections/limit',
    status: 'failure',
    remedy: /ALTER ROLE few CONNECTION LIMIT \d+/,
  },
  {
    name: 'work_mem beyond the memory',
    options: {},
    more: () => ['--ram', '1GB'],
    id: 'postgres/memory',
    status: 'warning',
    remedy: /work_mem below/,
  },
]
