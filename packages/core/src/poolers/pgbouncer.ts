import type { SessionState } from '../rules/effect.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkBoolean, checkObject, checkWholeNumber } from '../options.ts'
import { cells, each, measured, proved, removedByDiscardAll, reportedSettings, type Cell, type Cells } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'
import type { Carried, Claims, PoolerProfile } from './profile.ts'

/** PgBouncer's own settings, as far as they decide what it carries in transaction mode. */
export interface PgBouncerOptions {
  /** `'1.18'` to `'1.26'`, with or without a patch number. @default '1.18', which carries least */
  readonly version?: string
  /** Major version of the PostgreSQL server: PgBouncer tracks only what the server reports. @default 13 */
  readonly serverVersion?: number
  /** `max_prepared_statements` of pgbouncer.ini. @default 0 before 1.24, 200 from then on */
  readonly maxPreparedStatements?: number
  /**
   * `track_extra_parameters` of pgbouncer.ini. From 1.26 on these come on top of all that the server reports and a
   * client can change.
   * @default ['IntervalStyle'] from 1.20 to 1.25, none from 1.26 on
   */
  readonly trackExtraParameters?: readonly string[]
  /**
   * `ignore_startup_parameters` of pgbouncer.ini: parameters that it drops instead of refusing the login.
   * @default []
   */
  readonly ignoreStartupParameters?: readonly string[]
  /** `server_reset_query_always` of pgbouncer.ini, with its `server_reset_query` left at DISCARD ALL. @default false */
  readonly serverResetQueryAlways?: boolean
}

/** A service that runs PgBouncer under a name of its own. */
export interface PgBouncerHost {
  /** The factory, for errors: `poolers.neon()`. */
  readonly factory: string
  readonly name: string
  /** In front of the words on PgBouncer: `Neon, pooled: `. */
  readonly prefix: string
}

const oldest = 18
const newest = 26

/** The newest version whose behaviour is known. */
export const newestPgBouncer: string = `1.${newest}`

/** The options of PgBouncer, for the services that pass them on. */
export const pgBouncerOptions: readonly (keyof PgBouncerOptions)[] = [
  'version',
  'serverVersion',
  'maxPreparedStatements',
  'trackExtraParameters',
  'ignoreStartupParameters',
  'serverResetQueryAlways',
]

/**
 * Settings that the server reports to its clients, by the PostgreSQL version that began to (GUC_REPORT in
 * guc_tables.c).
 */
const reportedSince: Readonly<Record<string, number>> = {
  intervalstyle: 8,
  session_authorization: 8,
  is_superuser: 8,
  default_transaction_read_only: 14,
  in_hot_standby: 14,
  scram_iterations: 16,
  search_path: 18,
}

/** Settings that 1.26 tracks by default (its man page, `track_extra_parameters`; NEWS 1.26.0). */
const defaultsOf126 = [
  'intervalstyle',
  'session_authorization',
  'default_transaction_read_only',
  'scram_iterations',
  'search_path',
]

/** In every mode: a server connection may serve another client after this one. */
export const refusedAtStartup: Cell = [
  'rejected',
  'measured on 1.18.0, 1.24.1 and 1.26.1 (08P01, unsupported startup parameter)',
]
/** In every mode as well. */
export const madeUpPid: Cell = ['leaks', 'measured on 1.18.0, 1.24.1 and 1.26.1: the login sends a made-up number']
const unseen: Cell = ['leaks', 'PgBouncer does not look at statements; not measured']
const leaks: Cell = ['leaks', 'measured on 1.18.0, 1.24.1 and 1.26.1']
const seen: Cell = ['leaks', 'seen on 1.18 and 1.26 (proofs.md)']
const wiped: Cell = ['wiped', 'measured with server_reset_query_always=1']
const trackedNames: Cell = ['tracked', 'NEWS 1.21, max_prepared_statements; measured on 1.24.1 and 1.26.1']
const trackedAuthorization: Cell = ['tracked', 'track_extra_parameters of 1.26; measured on 1.26.1']

/**
 * PgBouncer in transaction mode.
 *
 * @throws InvalidOptionError for a version, a number or a name that PgBouncer does not have
 */
export const pgbouncer: Pooler<PgBouncerOptions> = pooler<PgBouncerOptions>(
  (options: PgBouncerOptions = {}) => {
    return pgBouncerProfile({ factory: 'poolers.pgbouncer()', name: 'pgbouncer', prefix: '' }, options)
  },
  {
    forms: [
      { version: '1.18', serverVersion: 18 },
      { version: '1.24', serverVersion: 18 },
      { version: '1.26', serverVersion: 18 },
      { version: '1.26', serverVersion: 18, serverResetQueryAlways: true },
    ],
    clues: [
      {
        by: 'parameter',
        matches: ({ parameter }) => parameter('pgbouncer') === 'true',
        certainty: 'likely',
        // Prisma's parameter, which its users set for other poolers too.
        claims: { mode: 'transaction' },
        because: 'the URL says pgbouncer=true',
      },
      {
        by: 'port',
        matches: ({ port }) => port === '6432',
        certainty: 'possible',
        because: 'port 6432 is PgBouncer’s',
      },
    ],
  },
)

/** Creates the profile of PgBouncer for its own factory and for the services that run it. */
export function pgBouncerProfile({ factory, name, prefix }: PgBouncerHost, options: PgBouncerOptions): PoolerProfile {
  checkObject(factory, options, pgBouncerOptions)
  const { version = `1.${oldest}`, serverVersion = 13, serverResetQueryAlways = false } = options
  const { trackExtraParameters = ['IntervalStyle'], ignoreStartupParameters = [] } = options
  const extra = names(`${factory}: trackExtraParameters`, trackExtraParameters)
  const ignored = names(`${factory}: ignoreStartupParameters`, ignoreStartupParameters)
  const minor = minorOf(factory, version)
  const { maxPreparedStatements = minor >= 24 ? 200 : 0 } = options
  const server = checkWholeNumber(`${factory}: serverVersion`, serverVersion, 9)
  // The setting exists since 1.21; before, the pooler knows nothing of names.
  const tracksNames = checkWholeNumber(`${factory}: maxPreparedStatements`, maxPreparedStatements, 0) > 0 && minor >= 21
  const resets = checkBoolean(`${factory}: serverResetQueryAlways`, serverResetQueryAlways)
  const tracked = new Set([...reportedSettings, ...extras(minor, server, extra)])
  return {
    name,
    label: `${prefix}PgBouncer ${options.version ?? `${version} (version not given)`}, transaction mode${resets ? ' with DISCARD ALL' : ''}`,
    ...cells(unseen, {
      ...each(measured, leaks),
      ...(!resets && each(proved, seen)),
      ...(resets && each(removedByDiscardAll, wiped)),
      ...trackedCells(tracksNames, tracked.has('session_authorization')),
      'startup-parameter': refusedAtStartup,
      'backend-pid': madeUpPid,
    }),
    trackedSettings: tracked,
    startup: startup(
      minor,
      wanted(minor, extra).filter((setting) => !tracked.has(setting)),
      ignored,
    ),
    claims: claimsOf(options, minor, maxPreparedStatements),
    notes: notesOn(minor, tracked),
  }
}

function trackedCells(tracksNames: boolean, tracksAuthorization: boolean): Cells {
  const tracked: (readonly [SessionState, Cell])[] = []
  if (tracksNames) tracked.push(['named-statement', trackedNames])
  if (tracksAuthorization) tracked.push(['session-authorization', trackedAuthorization])
  return Object.fromEntries(tracked)
}

/**
 * Claims only what the options say, because the default version is a guess. A version includes the default of its
 * `max_prepared_statements`.
 */
function claimsOf(
  { version, serverVersion, maxPreparedStatements }: PgBouncerOptions,
  minor: number,
  inForce: number,
): Claims {
  return {
    pooler: 'PgBouncer',
    mode: 'transaction',
    ...(version !== undefined && { version: `1.${minor}` }),
    ...((version ?? maxPreparedStatements) !== undefined && minor >= 21 && { max_prepared_statements: inForce }),
    ...(serverVersion !== undefined && { server: `PostgreSQL ${serverVersion}` }),
  }
}

function notesOn(minor: number, tracked: ReadonlySet<string>): string[] {
  const ofList = 'The tracked settings are those that the server reports (varcache.c, track_extra_parameters)'
  const ofPath =
    'PgBouncer 1.24 and 1.26 do not restore a search_path that differs from the one on the server connection in letter case alone. They close the client if set_config has set it to an empty string (measured)'
  const ofName = 'PgBouncer 1.18 leaves an application_name to the next client that has none of its own (measured)'
  return [ofList, ...(minor === 18 ? [ofName] : []), ...(tracked.has('search_path') ? [ofPath] : [])]
}

function extras(minor: number, serverVersion: number, given: readonly string[]): string[] {
  return wanted(minor, given).filter((name) => serverVersion >= (reportedSince[name] ?? Infinity))
}

/** The settings of `track_extra_parameters`, whether the server reports them or not. */
function wanted(minor: number, given: readonly string[]): string[] {
  if (minor < 20) return []
  const all = minor >= 26 ? [...defaultsOf126, ...given] : given
  return all.map((name) => name.toLowerCase())
}

/**
 * Startup parameters that a login may have in addition to the tracked settings. PgBouncer accepts a setting that the
 * server does not report. From 1.26 on it applies the setting at every checkout, earlier versions do not (measured on
 * 1.24.1 and 1.26.1).
 */
function startup(
  minor: number,
  unreported: readonly string[],
  ignored: readonly string[],
): Readonly<Record<string, Carried>> {
  const all = (list: readonly string[], carried: Carried): [string, Carried][] =>
    list.map((name) => [name.toLowerCase(), carried])
  return Object.fromEntries([
    ...(minor >= 20 ? all(['options'], 'tracked') : []),
    ...(minor >= 23 ? all(['replication'], 'kept') : []),
    ...all(ignored, 'ignored'),
    ...all(unreported, minor >= 26 ? 'tracked' : 'ignored'),
  ])
}

function minorOf(factory: string, version: unknown): number {
  const match = typeof version === 'string' ? /^1\.(\d+)(?:\.\d+)?$/.exec(version) : null
  const minor = Number(match?.[1])
  if (minor >= oldest && minor <= newest) return minor
  const remedy = minor > newest ? `for a newer PgBouncer pass '1.${newest}'` : "such as '1.24' or '1.24.1'"
  throw new InvalidOptionError(
    `${factory}: version`,
    version,
    `a known version, '1.${oldest}' to '1.${newest}'; ${remedy}`,
  )
}

function names(option: string, given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return given
  throw new InvalidOptionError(option, given, "a list of names, such as ['search_path']")
}
