import { InvalidOptionError } from '@poolsafe/core'
import { checkObject, checkOneOf } from '@poolsafe/core/internal'
import { loadDriver, urlOf, waitUntilServing, withClient, type Login } from './client.ts'
import { findNamedImage } from './named-image.ts'
import { checkTarget, checkTexts, passwordsByUser, settingsByName } from './options.ts'
import type { PgBouncerPlan } from './pgbouncer-config.ts'
import {
  launchPgBouncer,
  pgBouncerImageVariable,
  type LaunchedPgBouncer,
  type PgBouncerSource,
  type PgBouncerWish,
} from './pgbouncer-launch.ts'

/** When PgBouncer assigns a server connection to the next client: after a transaction, a session or a statement. */
export type PoolMode = 'transaction' | 'session' | 'statement'

/** The options of {@link startPgBouncer}. */
export interface PgBouncerOptions {
  /** The PostgreSQL behind it, on this machine: what `startPostgres()` gives. */
  readonly target: Login & { readonly port: number }
  /** @default 'transaction' */
  readonly poolMode?: PoolMode
  /**
   * Assigns the server connection that was idle longest instead of the one used last, so that clients change
   * connections even under little load. @default false
   */
  readonly serverRoundRobin?: boolean
  /**
   * Runs this image in Docker, whatever else is available: `'edoburu/pgbouncer:v1.23.1-p3'`. It must run `pgbouncer`
   * with `/etc/pgbouncer/pgbouncer.ini`. @default the environment variable POOLSAFE_PGBOUNCER_IMAGE
   */
  readonly image?: string
  /** Server connections for each user and database. @default 20 */
  readonly defaultPoolSize?: number
  /**
   * Further settings of `pgbouncer.ini`, which override all others: `{ max_prepared_statements: '200' }`. @default {}
   */
  readonly settings?: Readonly<Record<string, string>>
  /** Passwords of further PostgreSQL users by name; their roles may be created later. @default {} */
  readonly users?: Readonly<Record<string, string>>
}

/** A running PgBouncer in front of a PostgreSQL. */
export interface PgBouncerServer {
  readonly host: string
  readonly port: number
  /** The version that the running server reports: `1.18.0`. */
  readonly version: string
  /** The pooled URL of the target's database for the target's user. */
  readonly url: string
  /** Returns the pooled URL for a user of {@link PgBouncerOptions.users}, who is the same user on the server. */
  urlFor(user: string, password: string): string
  /**
   * Runs a console command: `SHOW POOLS`, `SHOW SERVERS`. The console only supports the simple query protocol, without
   * parameters.
   */
  readonly adminUrl: string
  readonly source: PgBouncerSource
  /** Returns the log of PgBouncer so far. */
  log(): string
  /** Stops the pooler immediately and disconnects its clients. */
  stop(): Promise<void>
}

const startTimeoutMillis = 10_000
/** Number of attempts to find a port that stays free until PgBouncer listens. */
const portAttempts = 3

/**
 * Starts PgBouncer on a free port in transaction mode. The source is the named image, the PATH, Docker, or, for root on
 * a machine with apt-get, the package. Resolves when a query has succeeded. The server ends with this process at the
 * latest.
 *
 * @throws InvalidOptionError for unknown options
 * @throws Error with what to install if there is no PgBouncer, or with its log if it accepts no query within 10 s
 */
export function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncerServer> {
  return startFrom(options, true)
}

/**
 * Like `startPgBouncer`, but installs nothing.
 *
 * @throws MissingServerError if there is none
 */
export function startPresentPgBouncer(options: PgBouncerOptions): Promise<PgBouncerServer> {
  return startFrom(options, false)
}

async function startFrom(options: PgBouncerOptions, mayInstall: boolean): Promise<PgBouncerServer> {
  checkPgBouncerOptions(options)
  const { target } = options
  const plan = toPlan(options)
  const wish: PgBouncerWish = {
    named: findNamedImage(`${what}: image`, options.image, pgBouncerImageVariable),
    mayInstall,
  }
  await loadDriver()
  for (let attempt = 1; ; attempt++) {
    const launched = await launchPgBouncer(plan, wish)
    try {
      await waitUntilServing(launched, urlOf(launched, target), startTimeoutMillis)
      return await toHandle(launched, target)
    } catch (cause) {
      await launched.stop()
      if (launched.log().includes('Address already in use') && attempt < portAttempts) continue
      throw new Error(`PgBouncer does not serve; it says:\n${launched.log().trim() || 'nothing'}`, { cause })
    }
  }
}

const what = 'startPgBouncer()'
const names: readonly (keyof PgBouncerOptions)[] = [
  'target',
  'poolMode',
  'serverRoundRobin',
  'image',
  'defaultPoolSize',
  'settings',
  'users',
]

function checkPgBouncerOptions(options: PgBouncerOptions): void {
  checkObject(what, options, names)
  const { target, poolMode = 'transaction', defaultPoolSize = 20, serverRoundRobin = false, settings, users } = options
  checkTarget(`${what}: target`, target)
  checkOneOf<PoolMode>(`${what}: poolMode`, poolMode, ['transaction', 'session', 'statement'])
  if (!Number.isInteger(defaultPoolSize) || defaultPoolSize < 1) {
    throw new InvalidOptionError(`${what}: defaultPoolSize`, defaultPoolSize, 'a whole number of at least 1')
  }
  if (typeof serverRoundRobin !== 'boolean') {
    throw new InvalidOptionError(`${what}: serverRoundRobin`, serverRoundRobin, 'true or false')
  }
  checkTexts(`${what}: settings`, settings, settingsByName)
  checkTexts(`${what}: users`, users, passwordsByUser)
}

function toPlan({
  target,
  poolMode,
  defaultPoolSize,
  serverRoundRobin = false,
  users,
  settings,
}: PgBouncerOptions): PgBouncerPlan {
  return {
    poolMode: poolMode ?? 'transaction',
    defaultPoolSize: defaultPoolSize ?? 20,
    targetPort: target.port,
    adminUser: target.user,
    users: { [target.user]: target.password, ...users },
    settings: { ...(serverRoundRobin && { server_round_robin: '1' }), ...settings },
  }
}

async function toHandle(launched: LaunchedPgBouncer, target: PgBouncerOptions['target']): Promise<PgBouncerServer> {
  const urlFor = (user: string, password: string): string => urlOf(launched, { ...target, user, password })
  const adminUrl = urlOf(launched, { ...target, database: 'pgbouncer' })
  return {
    host: launched.host,
    port: launched.port,
    version: await askVersion(adminUrl),
    url: urlOf(launched, target),
    urlFor,
    adminUrl,
    source: launched.source,
    log: () => launched.log(),
    stop: () => launched.stop(),
  }
}

async function askVersion(adminUrl: string): Promise<string> {
  const { rows } = await withClient(adminUrl, (client) => client.query<{ version: string }>('SHOW VERSION'))
  const version = /\d+(?:\.\d+)+/.exec(rows[0]?.version ?? '')?.[0]
  if (version === undefined) throw new Error('PgBouncer does not tell its version')
  return version
}
