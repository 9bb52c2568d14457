import { withCodes, type Refusal } from './refusal.ts'

/**
 * Supavisor's own words. Up to 2.6 most come as XX000 with a plain text; since 2.7 the text begins with a code of its
 * own in parentheses, such as `(EMAXCONN)`. Source: lib/supavisor/client_handler/error.ex and lib/supavisor/errors of
 * github.com/supabase/supavisor.
 */
export const supavisorRefusals: readonly Refusal[] = withCodes(/^(?:XX000|08|28|53|57P)/, [
  {
    says: /^MaxClientsInSessionMode|^\(EMAXCONNSESSION\)/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Supavisor in session mode accepts as many clients as its pool_size, and each keeps its place while it is connected',
    instead:
      'transaction mode (port 6543) for the application; or a smaller pool in each process; or a larger pool_size',
  },
  {
    says: /^Max client connections reached|^Max pools count reached|^\(EMAXCONN\)|^\(EMAXPOOLSREACHED\)/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Supavisor has reached the client limit of the project’s plan',
    instead: 'fewer connections in each process (the pool of the application), or a larger compute size',
  },
  {
    says: /^Tenant or user not found|^\(ENOTFOUND\)|^\(ENOIDENTIFIER\)|^\(EINVALIDUSERINFO\)|^Authentication error, reason: "Invalid format for user|^no tenant identifier/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Supavisor does not know this project or user at this host',
    instead:
      'use the URL from the dashboard: the user is postgres.<project>, and the host belongs to the region; resume a paused project first',
  },
  {
    says: /^\(EWRONGPASSWORD\)|^\(EAUTHQUERY\)|^\(EAUTHSECRETS\)|^\(EJITUNAUTHORIZED\)|^Authentication error, reason:/,
    kind: 'authentication',
    isTransient: false,
    why: 'Supavisor does not accept this user with this password',
    instead: 'use the right user and password in the URL; after a password reset, use the new password',
  },
  {
    says: /^\(ECIRCUITBREAKER\)/,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Supavisor refuses new connections for a while because too many earlier attempts failed',
    instead: 'use the right user and password in every process that connects; the block ends by itself',
  },
  {
    says: /^SSL connection is required|^\(ESSLREQUIRED\)/,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'the project accepts connections only with TLS, and this one does not use it',
    instead:
      'sslmode=verify-full in the URL with the certificate of the project, or ssl in the configuration of the pool',
  },
  {
    says: /^Address not in tenant allow_list|^\(EADDRNOTALLOWED\)/,
    kind: 'authentication',
    isTransient: false,
    why: 'the network restrictions of the project do not list the address of this process',
    instead: 'add the address to the network restrictions of the project',
  },
  {
    says: /^Unable to check out process from the pool due to timeout|^\(ECHECKOUTTIMEOUT\)/,
    kind: 'poolerBusy',
    isTransient: false,
    why: 'all server connections of Supavisor were busy until its checkout timeout',
    instead: 'shorten transactions first; then raise pool_size, as far as the server has cores for it',
  },
  {
    says: /^DbHandler exited|^Failed to subscribe to tenant|^\(E(?:DBHANDLEREXITED|CHECKOUTFAILED|CHECKOUTRETRIES|POOLCHECKOUT|POOLTERMINATING|SUBSCRIBERETRIES|PROXYSTARTFAILED|PROXYSUPERVISORUNAVAILABLE|WORKERNOTFOUND|POOLRANCHNOTFOUND)\)/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Supavisor itself currently has no connection to PostgreSQL',
    instead: 'look at the pooler logs of the project: the server is down, restarts or refuses its user',
  },
  {
    says: /^\(EBANNED\)/,
    kind: 'quotaExceeded',
    isTransient: false,
    why: 'Supabase has blocked the project',
    instead: 'see the dashboard of the project for the reason',
  },
])
