import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/internal'
import { startHostilePooler } from '../hostile/start.ts'
import type { HostilePoolerOptions } from '../hostile/options.ts'
import { urlOf, type Login } from './client.ts'
import { MissingServerError } from './missing-server.ts'
import { checkTarget, checkTexts, passwordsByUser } from './options.ts'
import { profileOfPgBouncer } from './pgbouncer-profile.ts'
import { startPgBouncer, startPresentPgBouncer, type PgBouncerOptions, type PgBouncerServer } from './pgbouncer.ts'

/** A real PgBouncer, or the hostile pooler of `@poolsafe/testing/hostile`. */
export type PoolerKind = 'pgbouncer' | 'hostile'

/** The options of {@link startPooler}. */
export interface PoolerOptions {
  /** The PostgreSQL behind it, on this machine: what `startPostgres()` gives. */
  readonly target: Login & { readonly host: string; readonly port: number }
  /** @default PgBouncer if it is available in Docker or on the PATH; otherwise the hostile pooler */
  readonly kind?: PoolerKind
  /** Passwords of further PostgreSQL users by name. @default {} */
  readonly users?: Readonly<Record<string, string>>
  /** Options for PgBouncer only: its image, its settings. @default {} */
  readonly pgbouncer?: Omit<PgBouncerOptions, 'target' | 'users' | 'poolMode'>
  /** Options for the hostile pooler only: its profile, its seed. @default {} */
  readonly hostile?: Omit<HostilePoolerOptions, 'target' | 'passwords'>
}

/** A running pooler in transaction mode. */
export interface PoolerServer {
  readonly kind: PoolerKind
  /** For people: `PgBouncer 1.26.1`, `hostile pooler`. */
  readonly name: string
  /** Its profile, for `createGuard({ pooler })`. */
  readonly profile: PoolerProfile
  readonly host: string
  readonly port: number
  /** The pooled URL of the target's database for the target's user. */
  readonly url: string
  /**
   * Returns the pooled URL for a user of {@link PoolerOptions.users}. The hostile pooler does not check the password.
   */
  urlFor(user: string, password: string): string
  /** Stops the pooler and disconnects its clients. */
  stop(): Promise<void>
}

/**
 * Starts a pooler in transaction mode on a free port: PgBouncer if it is available (as {@link startPgBouncer}, without
 * installing it), otherwise the hostile pooler, which needs nothing. It is an error if an available PgBouncer or a
 * named image does not start.
 *
 * @throws InvalidOptionError for unknown options
 * @throws Error with what to install if the requested pooler is missing
 */
export async function startPooler(options: PoolerOptions): Promise<PoolerServer> {
  checkPoolerOptions(options)
  switch (options.kind) {
    case 'hostile':
      return startHostile(options)
    case 'pgbouncer':
      return startReal(options, startPgBouncer)
    case undefined:
      return startReal(options, startPresentPgBouncer).catch((error: unknown) => {
        if (error instanceof MissingServerError) return startHostile(options)
        throw error
      })
    default:
      throw new InvalidOptionError('startPooler(): kind', options.kind, "'pgbouncer' or 'hostile'")
  }
}

function checkPoolerOptions(options: PoolerOptions): void {
  const what = 'startPooler()'
  checkObject(what, options, ['target', 'kind', 'users', 'pgbouncer', 'hostile'])
  checkTarget(`${what}: target`, options.target)
  checkTexts(`${what}: users`, options.users, passwordsByUser)
  // Checks the options of both poolers, whichever is started.
  const { pgbouncer = {}, hostile = {} } = options
  checkObject(`${what}: pgbouncer`, pgbouncer, ['image', 'defaultPoolSize', 'serverRoundRobin', 'settings'])
  if (typeof hostile !== 'object' || hostile === null)
    throw new InvalidOptionError(`${what}: hostile`, hostile, 'an object of options')
}

async function startReal(
  { target, users, pgbouncer }: PoolerOptions,
  start: typeof startPgBouncer,
): Promise<PoolerServer> {
  const server = await start({ ...pgbouncer, target, users: users ?? {} })
  return {
    kind: 'pgbouncer',
    name: `PgBouncer ${server.version}`,
    profile: await profileOrStop(server),
    host: server.host,
    port: server.port,
    url: server.url,
    urlFor: (user, password) => server.urlFor(user, password),
    stop: () => server.stop(),
  }
}

async function profileOrStop(server: PgBouncerServer): Promise<PoolerProfile> {
  try {
    return await profileOfPgBouncer(server)
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function startHostile({ target, users, hostile }: PoolerOptions): Promise<PoolerServer> {
  const profile = hostile?.pooler ?? poolers.strictest()
  const pooler = await startHostilePooler({ ...hostile, pooler: profile, target, passwords: users ?? {} })
  const { host, port } = pooler
  const urlFor = (user: string, password: string): string => urlOf(pooler, { ...target, user, password })
  const url = urlFor(target.user, target.password)
  return { kind: 'hostile', name: 'hostile pooler', profile, host, port, url, urlFor, stop: () => pooler.stop() }
}
