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
    why: 'Supavisor in session mode lets in as many clients as its pool_size, and each keeps its place for as long as it is connected',
    instead:
      'transaction mode (port 6543) for the application; or a smaller pool in each process; or a larger pool_size',
  },
  {
    says: /^Max client connections reached|^Max pools count reached|^\(EMAXCONN\)|^\(EMAXPOOLSREACHED\)/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Supavisor has as many clients as the plan of the project lets in',
    instead: 'fewer connections in each process (the pool of the application), or a larger compute size',
  },
  {
    says: /^Tenant or user not found|^\(ENOTFOUND\)|^\(ENOIDENTIFIER\)|^\(EINVALIDUSERINFO\)|^Authentication error, reason: "Invalid format for user|^no tenant identifier/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Supavisor knows no project or no user of this name at this host',
    instead:
      'the URL as the dashboard shows it: the user is postgres.<project>, and the host is that of the region; a paused project is resumed first',
  },
  {
    says: /^\(EWRONGPASSWORD\)|^\(EAUTHQUERY\)|^\(EAUTHSECRETS\)|^\(EJITUNAUTHORIZED\)|^Authentication error, reason:/,
    kind: 'authentication',
    isTransient: false,
    why: 'Supavisor does not accept this user with this password',
    instead: 'the right user and password in the URL; after a password is reset, the new one',
  },
  {
    says: /^\(ECIRCUITBREAKER\)/,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Supavisor refuses new connections for a while, as too many attempts failed before',
    instead: 'the right user and password in every process that connects; the block ends by itself',
  },
  {
    says: /^SSL connection is required|^\(ESSLREQUIRED\)/,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'the project takes connections with TLS only, and this one came without',
    instead:
      'sslmode=verify-full in the URL with the certificate of the project, or ssl in the configuration of the pool',
  },
  {
    says: /^Address not in tenant allow_list|^\(EADDRNOTALLOWED\)/,
    kind: 'authentication',
    isTransient: false,
    why: 'the network restrictions of the project do not list the address of this process',
    instead: 'the address in the network restrictions of the project',
  },
  {
    says: /^Unable to check out process from the pool due to timeout|^\(ECHECKOUTTIMEOUT\)/,
    kind: 'poolerBusy',
    isTransient: false,
    why: 'all server connections of Supavisor were busy until its limit for the checkout had passed',
    instead: 'shorter transactions first; then a larger pool_size, as far as the server has cores for it',
  },
  {
    says: /^DbHandler exited|^Failed to subscribe to tenant|^\(E(?:DBHANDLEREXITED|CHECKOUTFAILED|CHECKOUTRETRIES|POOLCHECKOUT|POOLTERMINATING|SUBSCRIBERETRIES|PROXYSTARTFAILED|PROXYSUPERVISORUNAVAILABLE|WORKERNOTFOUND|POOLRANCHNOTFOUND)\)/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Supavisor itself has no connection to PostgreSQL at the moment',
    instead: 'look at the pooler logs of the project: the server is down, restarts or refuses its user',
  },
  {
    says: /^\(EBANNED\)/,
    kind: 'quotaExceeded',
    isTransient: false,
    why: 'Supabase has blocked the project',
    instead: 'the dashboard of the project says why',
  },
])
