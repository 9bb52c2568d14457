import type { FailureKind } from '../failure.ts'
import { classifyFailure } from './failures.ts'

/** The meaning of a reason, and the remedy. */
interface Explained {
  readonly why: string
  readonly instead: string
}

/** Why an open connection was lost. */
export type LossReason =
  | 'terminated'
  | 'serverCrashed'
  | 'databaseDropped'
  | 'idleInTransaction'
  | 'transactionTimeout'
  | 'idleSession'
  | 'poolerLimit'
  | 'poolerClosed'
  | 'reset'
  | 'timedOut'
  | 'ended'
  | 'unanswered'
  | 'readOnly'
  | 'garbled'
  | 'other'

/**
 * Every reason for the loss of an open connection, with its cause and its remedy. The names of counters, of metrics and
 * of the field `reason` derive from it.
 *
 * Sources: PostgreSQL's error codes (src/backend/utils/errcodes.txt) and where `ProcessInterrupts()` raises them;
 * PgBouncer's messages.
 */
const explained: { readonly [Reason in LossReason]: Explained } = {
  terminated: {
    why: 'an administrator ended the connection (pg_terminate_backend), or the server was stopped',
    instead: 'no change in the application: the pool opens another connection when the next call needs one',
  },
  serverCrashed: {
    why: 'another server process crashed, and PostgreSQL closed all connections',
    instead: 'the log of the server, which names the process that crashed; the pool opens another connection by itself',
  },
  databaseDropped: {
    why: 'the database was dropped or moved while the connection was open',
    instead: 'close the pools of a database before you drop it',
  },
  idleInTransaction: {
    why: 'a transaction waited longer for its next statement than idle_in_transaction_session_timeout allows; PostgreSQL rolled it back',
    instead: 'no HTTP call, no file and no user input inside a transaction: fetch first, then BEGIN',
  },
  transactionTimeout: {
    why: 'a transaction took longer than transaction_timeout allows; PostgreSQL rolled it back',
    instead: 'split the work into shorter transactions, or raise transaction_timeout for this role',
  },
  idleSession: {
    why: 'the connection was idle for longer than idle_session_timeout allows',
    instead: 'idleTimeoutMillis below idle_session_timeout, so that the pool closes its idle connections first',
  },
  poolerLimit: {
    why: 'a time limit of the pooler ended the connection',
    instead: 'idleTimeoutMillis below client_idle_timeout of the pooler, and transactions shorter than its limits',
  },
  poolerClosed: {
    why: 'the pooler closed the connection, or lost its own connection to the server',
    instead: 'the log of the pooler, which names the cause; the pool opens another connection by itself',
  },
  reset: {
    why: 'the other side, or a device on the way, reset the connection: a process that was killed, a firewall or a load balancer',
    instead:
      'idleTimeoutMillis below the idle limit of the network, and keepAlive: true; the pool opens another connection by itself',
  },
  timedOut: {
    why: 'the network gave no sign of life: the other side is gone, or packets are dropped',
    instead: 'keepAlive: true and idleTimeoutMillis below the idle limit of the network',
  },
  ended: {
    why: 'the other side closed the connection without a word, as a stopped proxy, a crashed server or a suspended function does',
    instead:
      'idleTimeoutMillis below the idle limit of what stands between; the pool opens another connection by itself',
  },
  unanswered: {
    why: 'a statement was given up before the server had answered it, so poolsafe closed the connection instead of passing it on',
    instead:
      'a statement timeout on the server that is shorter than the limit of the driver (query_timeout, socket_timeout)',
  },
  readOnly: {
    why: 'the server became read-only, as the former primary does after a failover, so poolsafe replaced the connection',
    instead: 'a host name that leads to the primary; the pool connects again until a server accepts writes',
  },
  garbled: {
    why: 'what arrived is no answer of PostgreSQL, so the connection was closed: answers would go to the wrong statements',
    instead:
      'a look at the proxies and load balancers between the application and the server; one of them answers itself',
  },
  other: {
    why: 'the server ended the connection with the words above',
    instead: 'the log of the server; the pool opens another connection by itself',
  },
}

/** All reasons, in the order of the documentation. */
export const lossReasons: readonly LossReason[] = Object.keys(explained) as LossReason[]

/** The number of lost connections by reason. Plain data. */
export type LossCounts = { readonly [Reason in LossReason]: number }

/** Returns counts that are all zero. */
export function noLosses(): { -readonly [Reason in LossReason]: number } {
  return Object.fromEntries(lossReasons.map((reason) => [reason, 0])) as { -readonly [Reason in LossReason]: number }
}

/** Adds the counts of two pools. */
export function addLosses(one: LossCounts, other: LossCounts): LossCounts {
  return Object.fromEntries(lossReasons.map((reason) => [reason, one[reason] + other[reason]])) as LossCounts
}

/** Returns cause and remedy in words. */
export function explainLoss(reason: LossReason): Explained {
  return explained[reason]
}

const byCode: { readonly [code: string]: LossReason | undefined } = {
  '25P03': 'idleInTransaction',
  '25P04': 'transactionTimeout',
  '57P01': 'terminated',
  '57P02': 'serverCrashed',
  '57P03': 'terminated',
  '57P04': 'databaseDropped',
  '57P05': 'idleSession',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timedOut',
  EHOSTUNREACH: 'timedOut',
  ENETUNREACH: 'timedOut',
}

/** Poolers send their own messages with codes that mean something else in PostgreSQL. */
const byKind: { readonly [Kind in FailureKind]?: LossReason } = {
  poolerTimeout: 'poolerLimit',
  poolerBusy: 'poolerLimit',
  poolerCannotConnect: 'poolerClosed',
  poolerFull: 'poolerClosed',
}

/**
 * Returns the reason that an error shows.
 *
 * @param error the last message of the server or the error of the socket; `undefined` if the connection ended without
 *   either
 */
export function reasonOfLoss(error: unknown): LossReason {
  if (error === undefined) return 'ended'
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const kind = classifyFailure(error)?.kind
  const ofPooler = kind === undefined ? undefined : byKind[kind]
  if (ofPooler !== undefined) return ofPooler
  if (typeof code === 'string' && Object.hasOwn(byCode, code)) return byCode[code] as LossReason
  if (kind === 'shuttingDown') return 'poolerClosed'
  if (isGarbled(error)) return 'garbled'
  return typeof message === 'string' && message.startsWith('Connection terminated') ? 'ended' : 'other'
}

/**
 * SQLSTATEs with which PostgreSQL ends a connection, in any message language: the classes 57P and 08, and two of 25.
 */
const endsConnection = /^(?:57P0[1-5]|25P0[34]|08...)$/

/**
 * Returns true if the server closes the connection after this message. The server translates `severity`, but rarely
 * FATAL.
 */
export function isLastWord(message: object): boolean {
  const { code, severity } = message as { readonly code?: unknown; readonly severity?: unknown }
  return severity === 'FATAL' || severity === 'PANIC' || (typeof code === 'string' && endsConnection.test(code))
}

/**
 * Returns true if the connection ends right after this message. An ERROR leaves it open, whatever its SQLSTATE:
 * postgres_fdw and dblink pass on that of another server.
 */
export function isFarewell(message: object): boolean {
  return (message as { readonly severity?: unknown }).severity !== 'ERROR' && isLastWord(message)
}

/**
 * Returns true for an error with which pg reports bytes that are no answer of a server, or an answer to nothing.
 */
export function isGarbled(error: unknown): boolean {
  const { message } = error as { readonly message?: unknown }
  return typeof message === 'string' && /^received invalid response: |^Received unexpected \w+ message/.test(message)
}

/** The known facts about a lost connection. Plain data. */
export interface LossFacts {
  readonly reason: LossReason
  /** When it was lost, in ISO 8601. */
  readonly lostAt: string
  /** How long the application had held it; `undefined` while it was idle in the pool. */
  readonly heldMillis: number | undefined
  /** The ORM's name for the call that held it, such as `User.findMany`. */
  readonly operation: string | undefined
  /** The call site that acquired it, if it was remembered. */
  readonly callSite: string | undefined
  /** The name of the pool; `undefined` if it has none. */
  readonly pool: string | undefined
}
