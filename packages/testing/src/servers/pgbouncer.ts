import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { loadOptional } from './optional-package.ts'
import { launchPgBouncer, type LaunchedPgBouncer, type PgBouncerSource } from './pgbouncer-launch.ts'
import type { PostgresServer } from './postgres.ts'

/** When PgBouncer gives a server connection to the next client: after a transaction, a session or a statement. */
export type PoolMode = 'transaction' | 'session' | 'statement'

/** The options of {@link startPgBouncer}. */
export interface PgBouncerOptions {
  /** The PostgreSQL behind it. */
  readonly target: { readonly port: number; readonly user: string; readonly password: string; readonly database: string }
  /** @default 'transaction' */
  readonly poolMode?: PoolMode
  /** Server connections for each user and database. @default 20 */
  readonly defaultPoolSize?: number
  /** Further settings of `pgbouncer.ini`, stronger than all others: `{ max_prepared_statements: '200' }`. @default {} */
  readonly settings?: Readonly<Record<string, string>>
  /** Passwords by name of further users of PostgreSQL that may log in; the roles may be created later. @default {} */
  readonly users?: Readonly<Record<string, string>>
}

/** A running PgBouncer in front of a PostgreSQL. */
export interface PgBouncerServer {
  readonly host: string
  readonly port: number
  /** What the running server says of itself: `1.18.0`. */
  readonly version: string
  /** The way to the target's database, for the target's user, through the pooler. */
  readonly url: string
  /** The same for a user of {@link PgBouncerOptions.users}. On the server it is this user, too. */
  urlFor(user: string, password: string): string
  /** The console: `SHOW POOLS`, `SHOW SERVERS` … It understands the simple query protocol alone: no parameters. */
  readonly adminUrl: string
  readonly source: PgBouncerSource
  /** All that PgBouncer has logged so far. */
  log(): string
  /** Ends the pooler at once. Clients that are still connected are cut off. */
  stop(): Promise<void>
}

const startTimeoutMillis = 10_000
const retryMillis = 20
/** Attempts to find a port that stays free until PgBouncer listens on it. */
const portAttempts = 3

/**
 * Starts PgBouncer on a free port, in transaction mode: the one on the PATH, else one in Docker, else, for root on a machine
 * with apt-get, the package. Resolves when a query has come through. The server ends with this process at the latest.
 *
 * @throws Error that says what to install where there is no PgBouncer, or with its log where it does not serve in 10 s
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncerServer> {
  const { target } = options
  const plan = {
    poolMode: options.poolMode ?? 'transaction',
    defaultPoolSize: options.defaultPoolSize ?? 20,
    targetPort: target.port,
    adminUser: target.user,
    users: { [target.user]: target.password, ...options.users },
    settings: options.settings ?? {},
  }
  await loadDriver()
  for (let attempt = 1; ; attempt++) {
    const launched = await launchPgBouncer(plan)
    try {
      await waitUntilServing(launched, urlOf(launched, target))
      return await toHandle(launched, target)
    } catch (cause) {
      await launched.stop()
      if (launched.log().includes('Address already in use') && attempt < portAttempts) continue
      throw new Error(`PgBouncer does not serve; it says:\n${launched.log().trim() || 'nothing'}`, { cause })
    }
  }
}

async function toHandle(
  launched: LaunchedPgBouncer & { source: PgBouncerSource },
  target: PgBouncerOptions['target'],
): Promise<PgBouncerServer> {
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

type Login = Pick<PostgresServer, 'password'> & { readonly user: string; readonly database: string }

function urlOf({ host, port }: LaunchedPgBouncer, { user, password, database }: Login): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`
}

async function waitUntilServing(launched: LaunchedPgBouncer, url: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMillis
  for (;;) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'))
      return
    } catch (error) {
      if (launched.hasEnded() || Date.now() > deadline) throw error
    }
    await sleep(retryMillis)
  }
}

async function askVersion(adminUrl: string): Promise<string> {
  const { rows } = await withClient(adminUrl, (client) => client.query<{ version: string }>('SHOW VERSION'))
  const version = /\d+(?:\.\d+)+/.exec(rows[0]?.version ?? '')?.[0]
  if (version === undefined) throw new Error('PgBouncer does not tell its version')
  return version
}

function loadDriver(): Promise<typeof import('pg')> {
  return loadOptional('pg', 'to see whether PgBouncer answers', () => import('pg'))
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const { default: pg } = await loadDriver()
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: startTimeoutMillis })
  // A connection that breaks rejects the call it breaks; without a listener the event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end()
  }
}
