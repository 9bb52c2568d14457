import { InvalidOptionError } from '@poolsafe/core'
import { checkBoolean, resolveFrom, type OptionTable } from '@poolsafe/core/internal'
import type { Ask } from '../ask/ask.ts'
import type { WatchEvent } from './events.ts'
import { checkPatterns } from './patterns.ts'

/** An open connection that only the watch uses. */
export interface WatchConnection {
  readonly ask: Ask
  /** The process id that the server sent at login. From it the watch finds out that a pooler is in front. */
  readonly processId?: number
  readonly close: () => unknown
}

/** The options of `watchConnections()`. */
export interface WatchOptions {
  /**
   * Opens a connection of your driver, outside every pool. The watch keeps it open, so that it can act when the server
   * accepts no more, and asks for another one if it is lost.
   */
  readonly connect: () => Promise<WatchConnection>
  /** Application names whose idle connections may be closed; `*` stands for any text. */
  readonly applications: readonly string[]
  /** Roles whose connections may be closed. A superuser must be named here. @default every role but superusers */
  readonly roles?: readonly string[]
  /** Without it, the watch only reports the connections that it would close. @default false */
  readonly apply?: boolean
  /** The time between two looks, in milliseconds, at least 100. @default 60000 */
  readonly intervalMillis?: number
  /** Share of the connections, above which the watch closes. Between 0 and 1. @default 0.8 */
  readonly aboveShare?: number
  /** How long a connection is idle before it may be closed, in milliseconds, at least 100. @default 300000 */
  readonly idleMillis?: number
  /** The time between two looks for a full server, in milliseconds, at least 100; `Infinity` for none. @default 1000 */
  readonly alarmMillis?: number
  /** Opens PgBouncer's admin console. Needed behind PgBouncer; without a pooler in front, it names its connections. */
  readonly console?: () => Promise<WatchConnection>
  /** Addresses of poolers, as `pg_stat_activity.client_addr` has them. Their connections are spared. @default none */
  readonly poolerAddresses?: readonly string[]
  /** Closes idle server connections of poolers too, if their last client had a matching name. @default false */
  readonly closesPoolerConnections?: boolean
  /** Called for each event. If it throws or rejects, the watch goes on, and the first error is a warning of the process. */
  readonly onEvent?: (event: WatchEvent) => unknown
  /** Ends the watch. */
  readonly signal?: AbortSignal
}

/** The options with their defaults. */
export interface ResolvedWatch {
  readonly connect: () => Promise<WatchConnection>
  readonly applications: readonly string[]
  /** Empty for all but superusers. */
  readonly roles: readonly string[]
  readonly apply: boolean
  readonly intervalMillis: number
  readonly aboveShare: number
  readonly idleMillis: number
  readonly alarmMillis: number
  readonly console: (() => Promise<WatchConnection>) | undefined
  readonly poolerAddresses: readonly string[]
  readonly closesPoolerConnections: boolean
  readonly onEvent: ((event: WatchEvent) => unknown) | undefined
  readonly signal: AbortSignal | undefined
}

const table: OptionTable<WatchOptions, ResolvedWatch> = {
  connect: ({ connect }) => callback('connect', connect),
  applications: ({ applications }) => checkPatterns('applications', applications),
  roles: ({ roles = [] }) => texts('roles', roles, /^[^\0]{1,63}$/, 'names of roles'),
  apply: ({ apply = false }) => checkBoolean('apply', apply),
  intervalMillis: ({ intervalMillis = 60_000 }) => millis('intervalMillis', intervalMillis),
  aboveShare: ({ aboveShare = 0.8 }) => share('aboveShare', aboveShare),
  idleMillis: ({ idleMillis = 300_000 }) => millis('idleMillis', idleMillis),
  alarmMillis: ({ alarmMillis = 1000 }) =>
    alarmMillis === Infinity ? alarmMillis : millis('alarmMillis', alarmMillis),
  console: ({ console: given }) => (given === undefined ? given : callback('console', given)),
  poolerAddresses: ({ poolerAddresses = [] }) =>
    texts('poolerAddresses', poolerAddresses, /^[\d.:a-f]{2,45}$/i, "addresses such as '10.0.0.5'"),
  closesPoolerConnections: ({ closesPoolerConnections = false }) =>
    checkBoolean('closesPoolerConnections', closesPoolerConnections),
  onEvent: ({ onEvent }) => (onEvent === undefined ? onEvent : callback('onEvent', onEvent)),
  signal: ({ signal }) => checkSignal(signal),
}

/** setTimeout() ends at once for more, in milliseconds. */
const longestTimer = 2 ** 31 - 1

const least = 100

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError
 */
export function resolveWatch(options: WatchOptions): ResolvedWatch {
  return resolveFrom('watchConnections()', options, table)
}

function millis(option: string, given: unknown): number {
  if (typeof given === 'number' && given >= least && given <= longestTimer) return given
  throw new InvalidOptionError(option, given, `a number of milliseconds from ${least} to ${longestTimer}`)
}

function share(option: string, given: unknown): number {
  if (typeof given === 'number' && given > 0 && given < 1) return given
  throw new InvalidOptionError(option, given, 'a number between 0 and 1, such as 0.8 for 80 %')
}

function callback<Given>(option: string, given: Given): Given {
  if (typeof given === 'function') return given
  throw new InvalidOptionError(option, given, 'a function')
}

function texts(option: string, given: unknown, allowed: RegExp, what: string): readonly string[] {
  const isList = Array.isArray(given) && given.every((each) => typeof each === 'string' && allowed.test(each))
  if (isList) return given as readonly string[]
  throw new InvalidOptionError(option, given, `a list of ${what}`)
}

function checkSignal(given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given
  throw new InvalidOptionError('signal', given, 'an AbortSignal')
}
