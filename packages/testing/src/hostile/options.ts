import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import type { HostileReport } from './report.ts'
import type { Address } from './server-session.ts'

/** PostgreSQL as the hostile pooler reaches it: without TLS. */
export interface HostileTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
  readonly database: string
}

/** The options of `startHostilePooler`. */
export interface HostilePoolerOptions {
  /** The PostgreSQL behind it: a URL, or what `startPostgres()` gives. */
  readonly target: string | HostileTarget
  /** The port on 127.0.0.1. @default a free one */
  readonly port?: number
  /** The profile that the pooler follows. @default poolers.strictest() */
  readonly pooler?: PoolerProfile
  /** Seed of the order in which clients get sessions: a whole number. @default 1 */
  readonly seed?: number
  /** Server sessions for each user and database, at least 2. @default 4 */
  readonly sessions?: number
  /** Maximum number of server sessions for each user and database while transactions occupy the others. @default 20 */
  readonly maxSessions?: number
  /**
   * The handling of state that a transaction leaves. `clean` removes it, so that each report and each failure belongs
   * to its own transaction. `poison` leaves it for the next clients. @default 'clean'
   */
  readonly afterTransaction?: 'clean' | 'poison'
  /** Inspects each session after each transaction. Without it there are no reports. @default true */
  readonly inspect?: boolean
  /**
   * Passwords of further PostgreSQL users by name. These users and the target's user need no password at the pooler.
   * Other users are asked for one if PostgreSQL requires it. @default {}
   */
  readonly passwords?: Readonly<Record<string, string>>
  /**
   * Startup parameters that are ignored if the profile does not track them. Others are refused with 08P01, as in
   * PgBouncer. @default ['extra_float_digits'], which JDBC always sends; PgBouncer's default is none
   */
  readonly ignoreStartupParameters?: readonly string[]
  /** The largest message of a client, in bytes. @default 67_108_864 */
  readonly maxMessageBytes?: number
  /** Maximum number of clients; further ones are refused with 53300. @default 200 */
  readonly maxConnections?: number
  /**
   * Limit for a login, in milliseconds. After it the connection is closed with 08P01. @default 60_000
   */
  readonly loginTimeoutMillis?: number
  /** Called with each report immediately. An exception in it ends the process, as in an event listener. */
  readonly onReport?: (report: HostileReport) => void
}

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly address: Address
  /** 0 for a free one. */
  readonly port: number
  readonly user: string
  readonly database: string
  /** Known passwords by user. */
  readonly passwords: ReadonlyMap<string, string>
  readonly pooler: PoolerProfile
  readonly seed: number
  readonly sessions: number
  readonly maxSessions: number
  readonly poisons: boolean
  readonly inspects: boolean
  readonly ignored: ReadonlySet<string>
  readonly maxMessageBytes: number
  readonly maxConnections: number
  readonly loginTimeoutMillis: number
  readonly onReport: (report: HostileReport) => void
}

const what = 'startHostilePooler()'
const names: readonly (keyof HostilePoolerOptions)[] = [
  'target',
  'pooler',
  'port',
  'seed',
  'sessions',
  'maxSessions',
  'afterTransaction',
  'inspect',
  'passwords',
  'ignoreStartupParameters',
  'maxMessageBytes',
  'maxConnections',
  'loginTimeoutMillis',
  'onReport',
]

/** @throws InvalidOptionError */
export function resolveOptions(options: HostilePoolerOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError(what, options, `an object with the option target`)
  const unknown = Object.keys(options).find((key) => !names.includes(key as keyof HostilePoolerOptions))
  if (unknown !== undefined) throw new InvalidOptionError(`an option of ${what}`, unknown, `one of ${names.join(', ')}`)
  const { host, port, user, database, password } = toTarget(options.target)
  const sessions = wholeNumber('sessions', options.sessions ?? 4, 2)
  const given = passwordsOf(options.passwords)
  return {
    address: { host, port },
    port: wholeNumber('port', options.port ?? 0, 0),
    user,
    database,
    passwords: new Map(password === undefined ? given : [[user, password], ...given]),
    pooler: toProfile(options.pooler ?? poolers.strictest()),
    seed: wholeNumber('seed', options.seed ?? 1, Number.MIN_SAFE_INTEGER),
    sessions,
    maxSessions: wholeNumber('maxSessions', options.maxSessions ?? Math.max(20, sessions), sessions),
    poisons: oneOf('afterTransaction', options.afterTransaction ?? 'clean', ['clean', 'poison']) === 'poison',
    inspects: oneOf('inspect', options.inspect ?? true, [true, false]),
    ignored: new Set(namesOf(options.ignoreStartupParameters ?? ['extra_float_digits'])),
    maxMessageBytes: wholeNumber('maxMessageBytes', options.maxMessageBytes ?? 64 * 1024 * 1024, 1),
    maxConnections: wholeNumber('maxConnections', options.maxConnections ?? 200, 1),
    loginTimeoutMillis: wholeNumber('loginTimeoutMillis', options.loginTimeoutMillis ?? 60_000, 1),
    onReport: listener(options.onReport),
  }
}

function toTarget(given: unknown): HostileTarget {
  const allowed =
    "a URL such as 'postgresql://user:password@127.0.0.1:5432/database', or an object with host, port, user and database"
  const target = typeof given === 'string' ? fromUrl(given) : (given as Partial<HostileTarget> | null | undefined)
  const isComplete =
    typeof target === 'object' &&
    target !== null &&
    [target.host, target.user, target.database].every((text) => typeof text === 'string' && text !== '') &&
    Number.isInteger(target.port) &&
    (target.password === undefined || typeof target.password === 'string')
  if (!isComplete) throw new InvalidOptionError(`${what}: target`, given, allowed)
  return target as HostileTarget
}

function fromUrl(text: string): HostileTarget | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (!/^postgres(ql)?:$/.test(url.protocol)) return undefined
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !['disable', 'allow', 'prefer'].includes(mode)) {
    throw new InvalidOptionError(
      `${what}: sslmode of target`,
      mode,
      "'disable', 'allow' or 'prefer': the hostile pooler speaks no TLS",
    )
  }
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded)
  if (user === undefined || password === undefined || database === undefined) return undefined
  if (user === '')
    throw new InvalidOptionError(`${what}: user of target`, user, "in its URL: 'postgresql://user@host/database'")
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    database: database || user,
    ...(password !== '' && { password }),
  }
}

/** @returns `undefined` for a text with a `%` that encodes nothing */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * A profile that keeps settings keeps the session, so there is nothing to test and a hostile pooler cannot simulate it.
 */
function toProfile(given: PoolerProfile): PoolerProfile {
  const option = `${what}: pooler`
  if (typeof given !== 'object' || given === null || typeof given.carries !== 'object') {
    throw new InvalidOptionError(option, given, 'a profile, such as poolers.pgbouncer()')
  }
  if (given.carries.setting === 'kept') {
    throw new InvalidOptionError(
      option,
      given.name,
      'a pooler in transaction mode: behind this one a client keeps its session',
    )
  }
  return given
}

function wholeNumber(name: string, given: unknown, least: number): number {
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= least) return given
  const allowed = least === Number.MIN_SAFE_INTEGER ? 'a whole number' : `a whole number of at least ${least}`
  throw new InvalidOptionError(`${what}: ${name}`, given, allowed)
}

function oneOf<Value extends string | boolean>(name: string, given: Value, allowed: readonly Value[]): Value {
  if (allowed.includes(given)) return given
  const list = allowed.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' or ')
  throw new InvalidOptionError(`${what}: ${name}`, given, list)
}

function namesOf(given: unknown): string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === 'string'))
    return given.map((name) => name.toLowerCase())
  throw new InvalidOptionError(
    `${what}: ignoreStartupParameters`,
    given,
    "a list of names, such as ['extra_float_digits']",
  )
}

function passwordsOf(given: Readonly<Record<string, string>> = {}): [string, string][] {
  const isRecord =
    typeof given === 'object' && given !== null && Object.values(given).every((value) => typeof value === 'string')
  if (isRecord) return Object.entries(given)
  throw new InvalidOptionError(`${what}: passwords`, given, 'an object of passwords by user')
}

function listener(given: HostilePoolerOptions['onReport']): (report: HostileReport) => void {
  if (given === undefined) return () => undefined
  if (typeof given === 'function') return given
  throw new InvalidOptionError(`${what}: onReport`, given, 'a function')
}
