import { refusals } from '../poolers/refusals.ts'

/** What went wrong between the application and the server. */
export type FailureKind =
  | 'tooManyClients'
  | 'poolerFull'
  | 'poolerBusy'
  | 'poolerCannotConnect'
  | 'poolerTimeout'
  | 'shuttingDown'
  | 'startingUp'
  | 'startupParameter'
  | 'unreachable'
  | 'unknownHost'
  | 'brokenConnection'
  | 'connectTimeout'
  | 'noAnswer'
  | 'authentication'
  | 'unknownDatabase'
  | 'unreadableFile'

/** A failure with its remedy. Plain data. */
export interface Failure {
  readonly kind: FailureKind
  /** Whether connecting again later may help. A statement is never sent again. */
  readonly isTransient: boolean
  /** The cause, in one sentence. */
  readonly why: string
  /** The remedy, in one sentence. */
  readonly instead: string
}

const tooManyClients: Failure = {
  kind: 'tooManyClients',
  isTransient: true,
  why: 'the server has as many connections as max_connections, or the limit of the role or the database, allows',
  instead: 'fewer connections in each process, or a transaction pooler between them and the server',
}

const shuttingDown: Failure = {
  kind: 'shuttingDown',
  isTransient: true,
  why: 'the server is being stopped, or somebody ended this connection (pg_terminate_backend)',
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
  instead: 'see whether the server runs, and whether host, port and firewall are right',
}

const unknownHost: Failure = {
  kind: 'unknownHost',
  isTransient: false,
  why: 'no address is known for the host name',
  instead: 'the right host name in the URL',
}

const brokenConnection: Failure = {
  kind: 'brokenConnection',
  isTransient: true,
  why: 'the other side, or something on the way, closed the connection',
  instead: 'nothing for the next call: the pool connects anew; whether a COMMIT under way was done is for the application to find out',
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
  why: 'the server did not answer the statement in time; it may still be at it',
  instead: 'release(true), as the answer may still come; look for locks and for long statements in pg_stat_activity',
}

const authentication: Failure = {
  kind: 'authentication',
  isTransient: false,
  why: 'the server does not accept this user with this password from this address',
  instead: 'the right user and password in the URL, or a line in pg_hba.conf',
}

const unknownDatabase: Failure = {
  kind: 'unknownDatabase',
  isTransient: false,
  why: 'the server, or the pooler, does not know the database',
  instead: 'the right database in the URL',
}

const unreadableFile: Failure = {
  kind: 'unreadableFile',
  isTransient: false,
  why: 'a file that connecting needs (a certificate or a key) cannot be read',
  instead: 'the right path (sslrootcert, sslcert and sslkey in the URL), to files that this process may read',
}

/** SQLSTATEs of PostgreSQL and error codes of Node. */
const byCode: { readonly [code: string]: Failure | undefined } = {
  '53300': tooManyClients,
  '57P01': shuttingDown,
  '57P02': shuttingDown,
  '57P03': startingUp,
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
  // Of a Unix socket whose server does not run.
  ENOENT: unreachable,
  ENOTFOUND: unknownHost,
  // The resolver itself did not answer.
  EAI_AGAIN: {
    ...unknownHost,
    isTransient: true,
    why: 'the name server did not answer',
    instead: 'see whether the name server is reachable',
  },
  ECONNRESET: brokenConnection,
  ECONNABORTED: brokenConnection,
  EPIPE: brokenConnection,
  ETIMEDOUT: connectTimeout,
}

/** Of a socket, ENOENT means that nobody listens. */
function isOfFile(code: unknown, syscall: unknown): boolean {
  return code === 'EISDIR' || (syscall === 'open' && (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR'))
}

/** What drivers say without a code. */
const byMessage: readonly (readonly [RegExp, Failure])[] = [
  [/^timeout expired$|due to connection timeout$|^timeout exceeded when trying to connect$/, connectTimeout],
  [/^Connection terminated/, brokenConnection],
  [/^Query read timeout$/, noAnswer],
  [/^Client was closed and is not queryable/, brokenConnection],
  [/^Client has encountered a connection error/, brokenConnection],
]

/**
 * Says what an error of the driver means, where it is about the connection and not about a statement.
 *
 * @returns `undefined` for every other error
 */
export function classifyFailure(error: unknown): Failure | undefined {
  const seen = new Set<unknown>()
  for (let next = error; typeof next === 'object' && next !== null && !seen.has(next);) {
    const found = classifyOne(next)
    if (found !== undefined) return found
    seen.add(next)
    next = (next as ErrorLike).cause ?? (next as ErrorLike).errors?.[0]
  }
  return undefined
}

interface ErrorLike {
  readonly code?: unknown
  readonly message?: unknown
  /** Of Node: what it asked of the system. */
  readonly syscall?: unknown
  readonly cause?: unknown
  /** Node tries all addresses of a name, and tells of all. */
  readonly errors?: readonly unknown[]
}

function classifyOne({ code, message, syscall }: ErrorLike): Failure | undefined {
  if (isOfFile(code, syscall)) return unreadableFile
  const text = typeof message === 'string' ? message : ''
  // A pooler may use codes that mean something else with PostgreSQL; its words are its own.
  const isOfConnection = code === undefined || code === '08P01' || code === '53300' || (typeof code === 'string' && code.startsWith('57P0'))
  const refusal = isOfConnection ? refusals.find(({ says }) => says.test(text)) : undefined
  if (refusal !== undefined) {
    const { says: _, ...failure } = refusal
    return failure
  }
  const known = typeof code === 'string' && Object.hasOwn(byCode, code) ? byCode[code] : undefined
  return known ?? byMessage.find(([says]) => says.test(text))?.[1]
}
