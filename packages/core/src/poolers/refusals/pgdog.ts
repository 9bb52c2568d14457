import { withCodes, type Refusal } from './refusal.ts'

/**
 * PgDog's own words. Errors of its pools come as 58000 behind the name of their layer. Source:
 * pgdog/src/net/messages/error_response.rs and pgdog/src/backend/pool/error.rs of github.com/pgdogdev/pgdog.
 */
export const pgdogRefusals: readonly Refusal[] = withCodes(/^(?:58000|28000|57P0[15]|08004)$/, [
  {
    says: /^password for user ".*" and database ".*" is wrong, or the database does not exist$/,
    kind: 'authentication',
    isTransient: false,
    why: 'PgDog does not accept this user with this password, or does not know the database',
    instead: 'the right user, password and database in the URL, or entries in users.toml and pgdog.toml',
  },
  {
    says: /^Clients must connect with TLS$/,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'PgDog accepts connections only with TLS, and this one does not use it',
    instead: 'sslmode=verify-full in the URL, or ssl in the configuration of the pool',
  },
  {
    says: /^(?:\w+: )*(?:replica )?checkout timeout$/,
    kind: 'poolerBusy',
    isTransient: false,
    why: 'all server connections of PgDog were busy until its checkout_timeout',
    instead: 'shorten transactions first; then raise default_pool_size, as far as the server has cores for it',
  },
  {
    says: /^connection pool for user ".*" and database ".*" is down$|^(?:\w+: )*(?:all replicas down|no (?:primary|replicas)|manual ban|pool is (?:banned|not healthy|shut down)|connect timeout|server error|healthcheck (?:timeout|error))$/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'PgDog itself has no connection to PostgreSQL',
    instead: 'look at the log of PgDog: the server is down, banned, or refuses its user or its database',
  },
  {
    says: /^disconnecting idle client$|^client login timeout$/,
    kind: 'poolerTimeout',
    isTransient: true,
    why: 'a time limit of PgDog for its clients (client_idle_timeout, client_login_timeout) ended the connection',
    instead:
      'idleTimeoutMillis of the pool below client_idle_timeout, so that the pool closes its idle connections first',
  },
  {
    says: /^PgDog is shutting down$/,
    kind: 'shuttingDown',
    isTransient: true,
    why: 'PgDog is stopping',
    instead: 'no action is needed: the pool connects again as soon as the pooler answers',
  },
])
