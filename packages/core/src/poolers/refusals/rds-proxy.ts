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
    why: 'Amazon RDS Proxy does not take this parameter at startup',
    instead:
      'leave it out of the connection settings; set it with SET LOCAL inside the transaction, or on the role with ALTER ROLE',
  },
  {
    says: /requires TLS connections|IAM (?:authentication )?is allowed only with SSL connections/i,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'Amazon RDS Proxy takes this login with TLS only, and the connection came without',
    instead:
      'sslmode=verify-full in the URL with the certificate bundle of Amazon RDS, or ssl in the configuration of the pool',
  },
  {
    says: /RDS proxy has no credentials for the role/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Amazon RDS Proxy has no secret for this user',
    instead:
      'a secret for the user in Secrets Manager, among the credentials of the proxy, which its IAM role may read',
  },
  {
    says: /IAM authentication failed because of too many competing requests|Rate of connection to proxy exceeded/i,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Amazon RDS Proxy lets in only so many new connections in a second',
    instead: 'one pool for each process, made once and kept, and fewer connections in it',
  },
  {
    says: /password that was provided for the role .* is wrong|IAM authentication failed for|RDS supports only IAM|user name is missing from the connection startup packet/i,
    kind: 'authentication',
    isTransient: false,
    why: 'Amazon RDS Proxy does not accept this user with this password or token',
    instead:
      'the password of the secret in Secrets Manager; or a new IAM token for each connection, as one holds for 15 minutes',
  },
  {
    says: /maximum number of client connections to the proxy exceeded/i,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Amazon RDS Proxy has as many clients as it lets in',
    instead: 'fewer connections in each process (the pool of the application)',
  },
  {
    says: /Timed.out waiting (?:to acquire|for (?:an )?available) (?:a )?(?:database|db) connection/i,
    kind: 'poolerBusy',
    isTransient: true,
    why: 'all connections of Amazon RDS Proxy to the database were busy, or pinned, until its ConnectionBorrowTimeout had passed',
    instead:
      'shorter transactions and no pinning (DatabaseConnectionsCurrentlySessionPinned); then a higher MaxConnectionsPercent',
  },
])
