import { InvalidOptionError, type CheckoutOptions } from '@poolsafe/core'
import {
  checkMillis,
  checkObject,
  checkoutOptionNames,
  resolveLimits,
  type CheckoutLimits,
} from '@poolsafe/core/internal'
import type { PoolLike } from './types.ts'
import { readUrl, withoutSettings, type UrlSettings } from './url-settings.ts'

/** The limits of a guarded pool of node-postgres. */
export interface PoolOptions extends CheckoutOptions {
  /**
   * How long a new connection may take, in milliseconds. A pool without a `connectionTimeoutMillis` gets this limit,
   * because a server that does not answer would otherwise block the place of a connection. @default 10_000
   */
  readonly connectTimeoutMillis?: number
  /** How long an idle connection is kept, in milliseconds. @default `idleTimeoutMillis` of the pool */
  readonly idleTimeoutMillis?: number
  /**
   * How old a connection may become, in milliseconds, minus up to a tenth at random, so that connections opened
   * together do not close together. @default `maxLifetimeSeconds` of the pool
   */
  readonly maxLifetimeMillis?: number
  /**
   * The name of the pool in logs, statistics and metrics. @default its server and database: `localhost:6432/shop`
   */
  readonly poolName?: string
}

/** The options of `guardPool`. */
export interface GuardPoolOptions extends PoolOptions {
  /**
   * Direct connections: a `pg.Pool` on the unpooled URL, or that URL. A checkout that needs a session of its own moves
   * to one of them until its release. A pool that poolsafe makes from a URL has at most 5 connections, or
   * `connection_limit` of the URL, and ends with the guarded pool. The limits of this pool hold for the direct one too.
   */
  readonly direct?: PoolLike | string
  /** The direct pool goes through a pooler in session mode. @default false */
  readonly sessionPooler?: boolean
}

/** The options with their defaults filled in, except those that depend on the pool. */
export interface ResolvedPoolOptions {
  readonly given: PoolOptions
  /** The limits of the gate, without those of a URL. */
  readonly limits: CheckoutLimits
}

/** The settings that a URL with Prisma's names results in. */
export interface PoolSettings {
  /** For `new pg.Pool(…)` or `new PrismaPg(…)`. */
  readonly config: {
    readonly connectionString: string
    readonly max?: number
    readonly connectionTimeoutMillis?: number
    readonly query_timeout?: number
  }
  /** For `guardPool` or `guardAdapter`. */
  readonly options: PoolOptions
  /** For the second parameter of `new PrismaPg(…)`. */
  readonly schema: string | undefined
  /** URL parameters that have no effect any more, a sentence each. */
  readonly notes: readonly string[]
}

/** The pg-pool options that poolsafe reads and sets. pg-pool reads them anew each time. */
export interface OptionsOfPool {
  max?: number
  min?: number
  connectionString?: string
  connectionTimeoutMillis?: number
  idleTimeoutMillis?: number
  maxLifetimeSeconds?: number
  query_timeout?: number | false
}

const ownNames = ['connectTimeoutMillis', 'idleTimeoutMillis', 'maxLifetimeMillis'] as const
const defaultConnectMillis = 10_000
/** pg-pool's default. An application that sets this value cannot be told apart from one that sets none. */
const defaultMax = 10
/** The longest time of Node's timers, in milliseconds: a longer one fires immediately. */
const longestTimer = 2_147_483_647
/** The message of pg-pool's own error. */
const wordsOfPool = 'timeout exceeded when trying to connect'

/**
 * Returns the settings of Prisma's names in a URL: `connection_limit`, `pool_timeout`, `connect_timeout` and
 * `socket_timeout`. node-postgres, Kysely and Prisma 7 ignore them. `guardPool` and `guardAdapter` apply them
 * automatically to a pool that was created with the URL. This function shows the result, and serves pools that are
 * created in another way.
 *
 * @throws InvalidOptionError if it is not a PostgreSQL URL (quoted without its password) or if a value is invalid
 */
export function poolSettings(url: string): PoolSettings {
  const { max, acquireTimeoutMillis, connectTimeoutMillis, queryTimeoutMillis, schema, notes } = readUrl(url)
  return {
    config: {
      connectionString: withoutSettings(url),
      ...(max !== undefined && { max }),
      ...(connectTimeoutMillis !== undefined && { connectionTimeoutMillis: finite(connectTimeoutMillis) }),
      ...(queryTimeoutMillis !== undefined && { query_timeout: finite(queryTimeoutMillis) }),
    },
    options: {
      ...(acquireTimeoutMillis !== undefined && { acquireTimeoutMillis }),
      ...(connectTimeoutMillis !== undefined && { connectTimeoutMillis }),
    },
    schema,
    notes,
  }
}

/** @param moreNames options that the caller checks. @throws InvalidOptionError for an unknown or invalid option */
export function resolvePoolOptions(
  what: string,
  given: PoolOptions = {},
  moreNames: readonly string[] = [],
): ResolvedPoolOptions {
  checkObject(what, given, [...checkoutOptionNames, ...ownNames, 'poolName', ...moreNames])
  const { connectTimeoutMillis, idleTimeoutMillis, maxLifetimeMillis, poolName, ...others } = given
  const checkout = Object.fromEntries(Object.entries(others).filter(([name]) => !moreNames.includes(name)))
  if (poolName !== undefined) checkName(poolName)
  const own = { connectTimeoutMillis, idleTimeoutMillis, maxLifetimeMillis }
  for (const name of ownNames) if (own[name] !== undefined) checkMillis(name, own[name])
  if (idleTimeoutMillis !== undefined && maxLifetimeMillis !== undefined && idleTimeoutMillis > maxLifetimeMillis) {
    throw new InvalidOptionError(
      'idleTimeoutMillis',
      idleTimeoutMillis,
      `at most maxLifetimeMillis (${maxLifetimeMillis})`,
    )
  }
  return { given, limits: resolveLimits(what, checkout) }
}

function checkName(poolName: unknown): void {
  if (typeof poolName !== 'string' || poolName === '') throw new InvalidOptionError('poolName', poolName, 'a text')
}

/** The options that were set on a pool, for its log. */
export interface AppliedOptions {
  readonly limits: CheckoutLimits
  /** `Limit: 50, Pool Timeout: 20s, Connect Timeout: 10s` */
  readonly line: string
  readonly notes: readonly string[]
}

/**
 * Sets a pool's own options from the given options and from its URL. The given options take precedence.
 *
 * @throws InvalidOptionError if the pool contradicts itself
 */
export function applyOptions(pool: PoolLike, { given, limits }: ResolvedPoolOptions): AppliedOptions {
  const options = (pool as { options?: OptionsOfPool }).options ?? {}
  const url = urlSettingsOf(options)
  if (url.max !== undefined && options.max === defaultMax) options.max = url.max
  checkSizes(options)
  const ownMillis = ownTimeout(options)
  const connectMillis = given.connectTimeoutMillis ?? url.connectTimeoutMillis ?? ownMillis ?? defaultConnectMillis
  options.connectionTimeoutMillis = finite(connectMillis)
  if (url.queryTimeoutMillis !== undefined && !options.query_timeout)
    options.query_timeout = finite(url.queryTimeoutMillis)
  if (given.idleTimeoutMillis !== undefined) options.idleTimeoutMillis = finite(given.idleTimeoutMillis)
  if (given.maxLifetimeMillis !== undefined) setLifetime(options, given.maxLifetimeMillis)
  const toldMillis = given.acquireTimeoutMillis ?? url.acquireTimeoutMillis
  const acquireTimeoutMillis = toldMillis ?? ownMillis ?? limits.acquireTimeoutMillis
  const waitsForFirstAnswer = limits.waitsForFirstAnswer || url.acquireTimeoutMillis !== undefined
  const timeoutWords = toldMillis === undefined && ownMillis !== undefined ? wordsOfPool : undefined
  const applied = { ...limits, acquireTimeoutMillis, waitsForFirstAnswer, timeoutWords }
  return { limits: applied, line: describe(options, acquireTimeoutMillis), notes: url.notes }
}

/**
 * Returns the limit that the application set on its pool, which pg-pool also uses for waiting. 0 is none, and so is
 * more than Node's timers can wait: pg-pool would give up immediately.
 */
function ownTimeout({ connectionTimeoutMillis }: OptionsOfPool): number | undefined {
  const millis = numberOf(connectionTimeoutMillis)
  if (millis === undefined || millis < 0) return undefined
  return millis === 0 || millis > longestTimer ? Infinity : millis
}

/** Reads a number as pg-pool does, for which the text of an environment variable is as good. NaN is no number. */
function numberOf(given: unknown): number | undefined {
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  return typeof number === 'number' && !Number.isNaN(number) ? number : undefined
}

/** Returns the settings of the URL. A URL that poolsafe cannot read is left to the driver. */
function urlSettingsOf({ connectionString }: OptionsOfPool): UrlSettings {
  const isUrl =
    typeof connectionString === 'string' && /^postgres(?:ql)?:/.test(connectionString) && URL.canParse(connectionString)
  return isUrl ? readUrl(connectionString) : { notes: [] }
}

function checkSizes(options: OptionsOfPool): void {
  // pg-pool compares with `>=`, so a text that is no number is never reached.
  const max = options.max === undefined ? defaultMax : (numberOf(options.max) ?? Infinity)
  const min = numberOf(options.min) ?? 0
  if (options.max !== undefined) options.max = max
  if (min > max) throw new InvalidOptionError('min of the pool', min, `at most its max (${max})`)
}

/** pg-pool reads it once for each connection. */
function setLifetime(options: OptionsOfPool, millis: number): void {
  const get = (): number => (millis === Infinity ? 0 : (millis / 1000) * (0.9 + Math.random() / 10))
  Object.defineProperty(options, 'maxLifetimeSeconds', { get, enumerable: true, configurable: true })
}

function describe(
  { max = defaultMax, connectionTimeoutMillis = 0 }: OptionsOfPool,
  acquireTimeoutMillis: number,
): string {
  return `Limit: ${max}, Pool Timeout: ${seconds(acquireTimeoutMillis)}, Connect Timeout: ${seconds(connectionTimeoutMillis || Infinity)}`
}

function seconds(millis: number): string {
  return millis === Infinity ? 'never' : `${millis / 1000}s`
}

/** The driver uses 0 for no limit. */
function finite(millis: number): number {
  return millis === Infinity ? 0 : millis
}
