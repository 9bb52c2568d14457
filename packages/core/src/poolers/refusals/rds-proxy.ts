import { withCodes, type Refusal } from './refusal.ts'

/**
 * Words of Amazon RDS Proxy. They come with codes that mean something else with PostgreSQL (`0A000`, `28000`, `53300`,
 * `08…`). Source: the tables of rds-proxy.troubleshooting in the Amazon RDS user guide.
 */
export const rdsProxyRefusals: readonly Refusal[] = withCodes(/^(?:XX000|0A000|08|28|53|57P)/, [
  {
    says: /RDS Proxy (?:currently )?(?:doesn.t|does not) support (?:the option|command-line options|setting)/i,
    kind: 'startupParameter',
    isTransient: false,
    why: 'Amazon RDS Proxy does not accept this parameter at startup',
    instead:
      'leave it out of the connection settings; set it with SET LOCAL inside the transaction, or on the role with ALTER ROLE',
  },
  {
    says: /requires TLS connections|IAM (?:authentication )?is allowed only with SSL connections/i,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'Amazon RDS Proxy accepts this login only with TLS, and the connection does not use it',
    instead:
      'sslmode=verify-full in the URL with the certificate bundle of Amazon RDS, or ssl in the configuration of the pool',
  },
  {
    says: /RDS proxy has no credentials for the role/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Amazon RDS Proxy has no secret for this user',
    instead: 'add a secret for the user in Secrets Manager to the proxy, and let its IAM role read it',
  },
  {
    says: /IAM authentication failed because of too many competing requests|Rate of connection to proxy exceeded/i,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Amazon RDS Proxy limits the number of new connections per second',
    instead: 'create one pool per process, keep it, and give it fewer connections',
  },
  {
    says: /password that was provided for the role .* is wrong|IAM authentication failed for|RDS supports only IAM|user name is missing from the connection startup packet/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Amazon RDS Proxy does not accept this user with this password or token',
    instead:
      'use the password of the secret in Secrets Manager, or a new IAM token for each connection, because a token expires after 15 minutes',
  },
  {
    says: /maximum number of client connections to the proxy exceeded/i,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Amazon RDS Proxy has reached its limit of clients',
    instead: 'fewer connections in each process (the pool of the application)',
  },
  {
    says: /Timed.out waiting (?:to acquire|for (?:an )?available) (?:a )?(?:database|db) connection/i,
    kind: 'poolerBusy',
    isTransient: true,
    why: 'all database connections of Amazon RDS Proxy were busy or pinned until its ConnectionBorrowTimeout',
    instead:
      'shorten transactions and avoid pinning (DatabaseConnectionsCurrentlySessionPinned); then raise MaxConnectionsPercent',
  },
])
