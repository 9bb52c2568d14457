import type { SessionState } from '../analyze/effects.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkBoolean, checkObject, checkWholeNumber } from '../options.ts'
import { cells, each, measured, proved, removedByDiscardAll, reportedSettings, type Cell, type Cells } from './cells.ts'
import type { PoolerProfile } from './profile.ts'

/** PgBouncer's own settings, as far as they decide what it carries in transaction mode. */
export interface PgBouncerOptions {
  /** `'1.18'` to `'1.26'`, with or without a patch number. @default '1.18', which carries least */
  readonly version?: string
  /** Major version of the PostgreSQL server: PgBouncer tracks only what the server reports. @default 13 */
  readonly serverVersion?: number
  /** `max_prepared_statements` of pgbouncer.ini. @default 0 before 1.24, 200 from then on */
  readonly maxPreparedStatements?: number
  /**
   * `track_extra_parameters` of pgbouncer.ini. From 1.26 on these come on top of all that the server reports and a client
   * can change. @default ['IntervalStyle'] from 1.20 to 1.25, none from 1.26 on
   */
  readonly trackExtraParameters?: readonly string[]
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
  'serverResetQueryAlways',
]

/** Settings that the server reports to its clients, by the PostgreSQL version that began to (GUC_REPORT in guc_tables.c). */
const reportedSince: Readonly<Record<string, number>> = {
  intervalstyle: 8,
  session_authorization: 8,
  is_superuser: 8,
  default_transaction_read_only: 14,
  in_hot_standby: 14,
  scram_iterations: 16,
  search_path: 18,
}

/** What 1.26 tracks without being told (its man page, `track_extra_parameters`; NEWS 1.26.0). */
const defaultsOf126 = ['intervalstyle', 'session_authorization', 'default_transaction_read_only', 'scram_iterations', 'search_path']

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
export function pgbouncer(options: PgBouncerOptions = {}): PoolerProfile {
  return pgBouncerProfile({ factory: 'poolers.pgbouncer()', name: 'pgbouncer', prefix: '' }, options)
}

/** The profile of PgBouncer, whoever runs it. */
export function pgBouncerProfile({ factory, name, prefix }: PgBouncerHost, options: PgBouncerOptions): PoolerProfile {
  checkObject(factory, options, pgBouncerOptions)
  const { version = `1.${oldest}`, serverVersion = 13, trackExtraParameters = ['IntervalStyle'], serverResetQueryAlways = false } = options
  const minor = minorOf(factory, version)
  const { maxPreparedStatements = minor >= 24 ? 200 : 0 } = options
  const server = checkWholeNumber(`${factory}: serverVersion`, serverVersion, 9)
  // The setting exists since 1.21; before, the pooler knows nothing of names.
  const tracksNames = checkWholeNumber(`${factory}: maxPreparedStatements`, maxPreparedStatements, 0) > 0 && minor >= 21
  const resets = checkBoolean(`${factory}: serverResetQueryAlways`, serverResetQueryAlways)
  const tracked = new Set([...reportedSettings, ...extras(minor, server, names(factory, trackExtraParameters))])
  return {
    name,
    label: `${prefix}PgBouncer ${options.version ?? `${version} (version not given)`}, transaction mode${resets ? ' with DISCARD ALL' : ''}`,
    ...cells(unseen, {
      ...each(measured, leaks),
      ...(!resets && each(proved, seen)),
      ...(resets && each(removedByDiscardAll, wiped)),
      ...trackedCells(tracksNames, tracked.has('session_authorization')),
    }),
    trackedSettings: tracked,
    notes: notesOn(minor, tracked),
  }
}

function trackedCells(tracksNames: boolean, tracksAuthorization: boolean): Cells {
  const tracked: (readonly [SessionState, Cell])[] = []
  if (tracksNames) tracked.push(['named-statement', trackedNames])
  if (tracksAuthorization) tracked.push(['session-authorization', trackedAuthorization])
  return Object.fromEntries(tracked)
}

function notesOn(minor: number, tracked: ReadonlySet<string>): string[] {
  const ofList = 'The tracked settings are those that the server reports (varcache.c, track_extra_parameters)'
  const ofPath =
    'PgBouncer 1.24 and 1.26 do not restore a search_path that differs from the one on the server connection in letter case alone, and close the client where it was set to the empty text by set_config (measured)'
  const ofName = 'PgBouncer 1.18 leaves an application_name to the next client where that has none of its own (measured)'
  return [ofList, ...(minor === 18 ? [ofName] : []), ...(tracked.has('search_path') ? [ofPath] : [])]
}

function extras(minor: number, serverVersion: number, given: readonly string[]): string[] {
  if (minor < 20) return []
  const wanted = minor >= 26 ? [...defaultsOf126, ...given] : given
  return wanted.map((name) => name.toLowerCase()).filter((name) => serverVersion >= (reportedSince[name] ?? Infinity))
}

function minorOf(factory: string, version: unknown): number {
  const match = typeof version === 'string' ? /^1\.(\d+)(?:\.\d+)?$/.exec(version) : null
  const minor = Number(match?.[1])
  if (minor >= oldest && minor <= newest) return minor
  throw new InvalidOptionError(`${factory}: version`, version, `a version from '1.${oldest}' to '1.${newest}', such as '1.24' or '1.24.1'`)
}

function names(factory: string, given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return given
  throw new InvalidOptionError(`${factory}: trackExtraParameters`, given, "a list of names, such as ['search_path']")
}
