import { withCodes, type Refusal } from './refusal.ts'

/**
 * PgBouncer's own words, as they stand in the programs 1.18 and 1.26. Most come as 08P01, which says nothing by itself:
 * the message does.
 */
export const pgbouncerRefusals: readonly Refusal[] = withCodes(/^(?:08P01|53300|57P0.)$/, [
  {
    says: /max_client_conn\b|max_(?:user|db)_client_connections/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'the pooler has reached its limit of clients',
    instead: 'fewer connections in each process (the pool of the application), or a higher max_client_conn',
  },
  {
    says: /^(?:bouncer resources exhaustion|out of memory|no memory for )/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'the pooler has no memory for one more client',
    instead: 'more memory for the pooler, or fewer connections in each process (the pool of the application)',
  },
  {
    says: /^(?:no such database|database ".*" does not exist)/,
    kind: 'unknownDatabase',
    isTransient: false,
    why: 'neither the pooler nor its server knows the database',
    instead: 'the right database in the URL, or an entry in the section [databases] of the pooler',
  },
  {
    says: /^SSL required$/,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'the pooler accepts connections only with TLS, and this one does not use it',
    instead: 'sslmode=verify-full in the URL, or ssl in the configuration of the pool',
  },
  {
    says: /^(?:SASL|PAM|password|certificate|"trust") authentication failed|^auth failed|^no such user|^no username supplied|^no authentication method|^(?:unix socket )?login rejected|^bouncer config error|^empty password returned|^(?:user name|username|password) too long/,
    kind: 'authentication',
    isTransient: false,
    why: 'the pooler does not accept this user with this password',
    instead: "the right user and password in the URL, or a line in the pooler's auth_file",
  },
  {
    says: /^query_wait_timeout/,
    kind: 'poolerBusy',
    isTransient: false,
    why: 'all server connections of the pooler were busy until its query_wait_timeout',
    instead: 'shorten transactions first; then raise default_pool_size, as far as the server has cores for it',
  },
  {
    says: /server login has been failing|server login failed|cannot connect to server|client_login_timeout \(server down\)|server DNS lookup failed|server conn crashed|connect timeout/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'the pooler itself cannot connect to PostgreSQL; it repeats this answer until server_login_retry has passed',
    instead: 'look at the log of the pooler: the server is down, or refuses its user or its database',
  },
  {
    says: /^(?:the pooler is )?shutting down|^server shutting down|admin forced disconnect|database removed|server connection closed|^pause failed|^suspend_timeout/,
    kind: 'shuttingDown',
    isTransient: true,
    why: 'the pooler is stopping, or an administrator has paused it or disconnected its clients',
    instead: 'no action is needed: the pool connects again as soon as the pooler answers',
  },
  {
    says: /^database ".*" is disabled$/,
    kind: 'shuttingDown',
    isTransient: true,
    why: 'an administrator has disabled the database in the pooler (DISABLE), which takes no new clients for it',
    instead: 'ENABLE and the name of the database, in the console of the pooler',
  },
  {
    says: /^(?:unexpected eof|bad packet|bad pkt header|unknown pkt|var change failed|broken ParameterStatus|invalid server parameter|database configuration changed|connect string changed|obsolete connection|close_needed)/,
    kind: 'brokenConnection',
    isTransient: true,
    why: 'the pooler has lost or closed its connection to PostgreSQL while this client was using it',
    instead:
      'nothing for the next call: the pool connects anew; find out in the application whether a COMMIT that was under way was done',
  },
  {
    says: /unsupported (?:options )?startup parameter/,
    kind: 'startupParameter',
    isTransient: false,
    why: 'the pooler does not pass this parameter to a server connection that other clients share',
    instead:
      'leave it out of the connection settings; set it with SET LOCAL inside the transaction, or on the role with ALTER ROLE',
  },
  {
    says: /statement pooling mode/,
    kind: 'poolMode',
    isTransient: false,
    why: 'the pooler is in statement mode, which allows no transactions',
    instead: 'pool_mode = transaction in the settings of the pooler',
  },
  {
    says: /^(?:client_idle_timeout|client_login_timeout|idle transaction timeout|idle_transaction_timeout|transaction_timeout|query timeout|query_timeout)/,
    kind: 'poolerTimeout',
    isTransient: false,
    why: 'a time limit of the pooler ended the connection',
    instead: 'set a shorter limit in the application, so that its own error comes first',
  },
])
