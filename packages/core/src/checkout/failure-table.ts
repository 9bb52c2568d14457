import type { Failure } from '../failure.ts'
import { clientCertificate, tlsCodes, tlsMessages, tlsRequired } from './tls-failures.ts'

const tooManyClients: Failure = {
  kind: 'tooManyClients',
  isTransient: true,
  why: 'the server has as many connections as max_connections, or the limit of the role or the database, allows',
  instead: 'fewer connections in each process, or a transaction pooler between them and the server',
}

const outOfMemory: Failure = {
  ...tooManyClients,
  why: 'the server has no memory for one more connection or statement',
}

const shuttingDown: Failure = {
  kind: 'shuttingDown',
  isTransient: true,
  why: 'the server is being stopped, or an administrator ended this connection (pg_terminate_backend)',
  instead: 'nothing: the pool connects again as soon as the server answers; what was not committed was rolled back',
}

const startingUp: Failure = {
  kind: 'startingUp',
  isTransient: true,
  why: 'the server is starting, recovering or shutting down',
  instead: 'nothing: the pool connects as soon as the server answers',
}

const unreachable: Failure = {
  kind: 'unreachable',
  isTransient: true,
  why: 'nothing listens at that host and port, or no way leads there',
  instead: 'check that the server is running and that host, port and firewall rules are correct',
}

/** IPv6 addresses without a way to them, as on GitHub's runners, Vercel and many container networks. */
export const noIpv6: Failure = {
  ...unreachable,
  why: 'the address of the host is an IPv6 address, and this machine has no way to it',
  instead: 'a host with an IPv4 address in the URL (Supabase: that of the shared pooler), or IPv6 for this machine',
}

/** Something listens there that does not speak the protocol. */
const notPostgres: Failure = {
  ...unreachable,
  isTransient: false,
  why: 'what answers at that host and port does not speak the protocol of PostgreSQL',
  instead: 'host and port of the server or its pooler in the URL; a look at the proxies on the way',
}

const unknownHost: Failure = {
  kind: 'unknownHost',
  isTransient: false,
  why: 'no address is known for the host name',
  instead:
    'the right host name in the URL; if the host has IPv6 addresses alone (db.<project>.supabase.co), a machine with IPv6, or the host of its pooler',
}

/** The resolver itself did not answer. */
const silentResolver: Failure = {
  ...unknownHost,
  isTransient: true,
  why: 'the name server did not answer',
  instead: 'see whether the name server is reachable',
}

const brokenConnection: Failure = {
  kind: 'brokenConnection',
  isTransient: true,
  why: 'the other side, or something on the way, closed the connection',
  instead:
    'nothing for the next call: the pool connects anew; whether a COMMIT under way was done is for the application to find out',
}

const connectTimeout: Failure = {
  kind: 'connectTimeout',
  isTransient: true,
  why: 'the other side did not answer in time',
  instead: 'see whether the server is overloaded or a firewall drops the packets; or a longer connect timeout',
}

const noAnswer: Failure = {
  kind: 'noAnswer',
  isTransient: false,
  why: 'the server did not answer in time; the statement may still be running',
  instead: 'release(true), as the answer may still come; look for locks and for long statements in pg_stat_activity',
}

const authentication: Failure = {
  kind: 'authentication',
  isTransient: false,
  why: 'the server does not accept this user with this password from this address',
  instead: 'the right user and password in the URL, or a line in pg_hba.conf',
}

const forbidden: Failure = {
  ...unreachable,
  isTransient: false,
  why: 'this process may not connect to that host and port, or to that socket',
  instead: 'the rights of this process on the socket, or the rules of its sandbox (--allow-net of Node)',
}

const unknownDatabase: Failure = {
  kind: 'unknownDatabase',
  isTransient: false,
  why: 'the server does not know the database',
  instead: 'the right database in the URL',
}

const stalePlan: Failure = {
  kind: 'stalePlan',
  isTransient: false,
  why: 'a named statement was prepared before its table changed (a migration), and the server connection that keeps it, here or behind the pooler, plans its old result',
  instead:
    'unnamed statements (no `name`, Prisma: no `statementNameGenerator`); or after each migration new connections: RECONNECT at the admin console of PgBouncer, a restart of the application without a pooler',
}

export const unreadableFile: Failure = {
  kind: 'unreadableFile',
  isTransient: false,
  why: 'a file that connecting needs (a certificate or a key) cannot be read',
  instead: 'the right path (sslrootcert, sslcert and sslkey in the URL), to files that this process may read',
}

const sessionTimeout: Failure = {
  kind: 'sessionTimeout',
  isTransient: true,
  why: 'a time limit of the server for idle sessions or transactions ended the connection',
  instead:
    'no waiting inside a transaction; and an idleTimeoutMillis of the pool that is shorter than the limit of the server',
}

const readOnly: Failure = {
  kind: 'readOnly',
  isTransient: true,
  why: 'the server is a replica (after a failover the connection may lead to the old primary), or the transaction is read-only',
  instead:
    'the address of the primary in the URL; connections that lead to the replica are closed; or a transaction that may write',
}

const noLocalResource: Failure = {
  kind: 'noLocalResource',
  isTransient: true,
  why: 'this machine has no free file descriptor, port or buffer for one more connection',
  instead: 'close what is left open, make one pool for each process and keep it; or a higher limit (ulimit -n)',
}

/** SQLSTATEs of PostgreSQL, error names of Node, and those of drivers. */
export const byCode: { readonly [code: string]: Failure | undefined } = {
  '53200': outOfMemory,
  '53300': tooManyClients,
  '57P01': shuttingDown,
  '57P02': shuttingDown,
  '57P03': startingUp,
  '57P04': unknownDatabase,
  '57P05': sessionTimeout,
  '25P03': sessionTimeout,
  '25P04': sessionTimeout,
  '25006': readOnly,
  '28000': authentication,
  '28P01': authentication,
  '3D000': unknownDatabase,
  '08000': brokenConnection,
  '08003': brokenConnection,
  '08006': brokenConnection,
  ECONNREFUSED: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  // Node's code for a Unix socket whose server does not run.
  ENOENT: unreachable,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: silentResolver,
  EAI_NODATA: unknownHost,
  EAI_NONAME: unknownHost,
  EAI_FAIL: silentResolver,
  ETIMEOUT: silentResolver,
  ECONNRESET: brokenConnection,
  ECONNABORTED: brokenConnection,
  EPIPE: brokenConnection,
  ERR_STREAM_DESTROYED: brokenConnection,
  ERR_STREAM_WRITE_AFTER_END: brokenConnection,
  ERR_SOCKET_CLOSED: brokenConnection,
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: brokenConnection,
  // postgres.js has names of its own.
  CONNECTION_CLOSED: brokenConnection,
  CONNECT_TIMEOUT: connectTimeout,
  ETIMEDOUT: connectTimeout,
  ERR_SOCKET_CONNECTION_TIMEOUT: connectTimeout,
  EACCES: forbidden,
  EPERM: forbidden,
  ERR_ACCESS_DENIED: forbidden,
  EAFNOSUPPORT: noIpv6,
  EMFILE: noLocalResource,
  ENFILE: noLocalResource,
  ENOBUFS: noLocalResource,
  EADDRNOTAVAIL: noLocalResource,
  ...tlsCodes,
  ERR_SOCKET_BAD_PORT: {
    ...unreachable,
    isTransient: false,
    why: 'the port is no number between 0 and 65535',
    instead: 'the right port in the URL or in the configuration of the pool',
  },
  // Node's code for the path of a Unix socket that is longer than the system allows.
  EINVAL: {
    ...unreachable,
    isTransient: false,
    why: 'the system does not accept that address; the path of a Unix socket may have about 107 bytes',
    instead: 'a shorter path of the socket, or the right address in the URL',
  },
}

/** Driver messages that come without a code. */
export const byMessage: readonly (readonly [RegExp, Failure])[] = [
  // PostgreSQL's message for one of many meanings of 0A000.
  [/^cached plan must not change result type$/, stalePlan],
  [/^timeout expired$|due to connection timeout$|^timeout exceeded when trying to connect$/, connectTimeout],
  [/^Connection terminated/, brokenConnection],
  [/^Query read timeout$/, noAnswer],
  ...tlsMessages,
  [/^could not fork new process for connection/, outOfMemory],
  [
    /^permission denied for database /,
    {
      ...authentication,
      why: 'the role may not connect to this database',
      instead: 'GRANT CONNECT ON DATABASE to the role, or the right user and database in the URL',
    },
  ],
  [
    /^database ".*" is not currently accepting connections/,
    {
      ...unknownDatabase,
      why: 'the database allows no connections (datallowconn)',
      instead: 'ALTER DATABASE … ALLOW_CONNECTIONS true, or the right database in the URL',
    },
  ],
  [/^received invalid response: |^Received unexpected \w+ message/, notPostgres],
  [
    /^SASL: .*password must be a(?: non-empty)? string|^Password must be a string/,
    {
      ...authentication,
      why: 'the server asks for a password, and none was given: it is missing in the URL, or a variable of the environment is empty',
      instead: 'the password in the URL, or a variable of the environment that this process has',
    },
  ],
  [/^SASL: /, authentication],
  [/^Client was closed and is not queryable/, brokenConnection],
  [/^Client has encountered a connection error/, brokenConnection],
]

/** PostgreSQL uses `28000` for the password, pg_hba.conf and TLS alike, so the message decides. */
export const withinAuthorization: readonly (readonly [RegExp, Failure])[] = [
  // PostgreSQL 14 and later: "no encryption"; before: "SSL off".
  [/^no pg_hba\.conf entry for .*(?:no encryption|SSL off)/, tlsRequired],
  [/SSL connection is required/i, tlsRequired],
  [/client certificate/, clientCertificate],
  [
    /^role ".*" (?:does not exist|is not permitted to log in)/,
    {
      ...authentication,
      why: 'the server has no role of that name that may log in',
      instead: 'the right user in the URL, or CREATE ROLE … LOGIN',
    },
  ],
  [
    /^no pg_hba\.conf entry for|^pg_hba\.conf rejects/,
    {
      ...authentication,
      why: 'pg_hba.conf has no line that lets this user in from this address',
      instead: 'a line in pg_hba.conf, or the right user, database and host in the URL',
    },
  ],
]
