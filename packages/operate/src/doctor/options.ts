import { InvalidOptionError, type PoolerFacts, type PoolerProfile } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/internal'
import type { Ask } from '../ask/ask.ts'

/** An open connection, and what its login showed. */
export interface DoctorConnection extends Pick<PoolerFacts, 'processId' | 'parameterStatus'> {
  readonly ask: Ask
  /** The connection uses TLS. */
  readonly isEncrypted?: boolean
  /** The other end is on this machine. */
  readonly isLocal?: boolean
}

/** Settings that the application sends at login (`statement_timeout` of pg, `options` in a URL), and what came of them. */
export interface StartupTrial {
  /** By name, as the application writes them. */
  readonly sent: Readonly<Record<string, string>>
  /** A connection whose login sent them … */
  readonly ask?: Ask
  /** … or the message with which it was refused. */
  readonly refused?: string
}

/** The options of `doctor()`. */
export interface DoctorOptions {
  /** A connection as the application makes it, without settings at login. */
  readonly connection: DoctorConnection
  /** The URL, from which a hosted pooler is recognised. No part of it is in the report. */
  readonly url?: string
  /** A connection that bypasses the pooler: for migrations and LISTEN. */
  readonly direct?: DoctorConnection
  /** PgBouncer's admin console: a connection to its database `pgbouncer`. */
  readonly admin?: Ask
  readonly startup?: StartupTrial
  /** The profile of the application's guard. */
  readonly pooler?: PoolerProfile
  /** Processes of the application during a rolling update. */
  readonly processes?: number
  /** Connections of one process: the sum of `max` of its pools. */
  readonly pool?: number
  /** Poolers side by side. @default 1 */
  readonly poolers?: number
  /** The application sends named statements (Prisma, postgres.js). @default false */
  readonly namedStatements?: boolean
  /** The time limit of a request, in milliseconds. @default 30000 */
  readonly requestTimeoutMillis?: number
  /** Memory of the database server in bytes. */
  readonly ramBytes?: number
  /** @default now */
  readonly now?: Date
}

const names: readonly (keyof DoctorOptions)[] = [
  'connection',
  'url',
  'direct',
  'admin',
  'startup',
  'pooler',
  'processes',
  'pool',
  'poolers',
  'namedStatements',
  'requestTimeoutMillis',
  'ramBytes',
  'now',
]

/** @throws InvalidOptionError for an unknown option, a missing connection, and for a number below 1 */
export function checkDoctorOptions(options: DoctorOptions): void {
  checkObject('doctor()', options, names)
  if (typeof options.connection?.ask !== 'function')
    throw new InvalidOptionError('connection', options.connection, 'an object with a function ask')
  for (const name of ['processes', 'pool', 'poolers', 'requestTimeoutMillis', 'ramBytes'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new InvalidOptionError(name, value, 'a whole number of at least 1')
  }
}
