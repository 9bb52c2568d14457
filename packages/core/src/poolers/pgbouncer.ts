import { InvalidOptionError } from '../errors.ts'
import { checkObject } from '../options.ts'
import { carriesAll, type PoolerProfile } from './profile.ts'

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
}

const oldest = 18
const newest = 26

/** Tracked since always (`varcache.c`). */
const always = ['client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name']

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

/**
 * PgBouncer in transaction mode.
 *
 * @throws InvalidOptionError for a version, a number or a name that PgBouncer does not have
 */
export function pgbouncer(options: PgBouncerOptions = {}): PoolerProfile {
  checkObject('poolers.pgbouncer()', options, ['version', 'serverVersion', 'maxPreparedStatements', 'trackExtraParameters'])
  const { version = `1.${oldest}`, serverVersion = 13, trackExtraParameters = ['IntervalStyle'] } = options
  const minor = minorOf(version)
  const { maxPreparedStatements = minor >= 24 ? 200 : 0 } = options
  const server = wholeNumber('serverVersion', serverVersion, 9)
  // The setting exists since 1.21; before, the pooler knows nothing of names.
  const tracksNames = wholeNumber('maxPreparedStatements', maxPreparedStatements, 0) > 0 && minor >= 21
  const tracked = new Set([...always, ...extras(minor, server, names(trackExtraParameters))])
  return {
    name: 'pgbouncer',
    label: `PgBouncer ${options.version ?? `${version} (version not given)`}, transaction mode`,
    carries: {
      ...carriesAll('leaks'),
      ...(tracksNames && { 'named-statement': 'tracked' }),
      ...(tracked.has('session_authorization') && { 'session-authorization': 'tracked' }),
    },
    trackedSettings: tracked,
  }
}

function extras(minor: number, serverVersion: number, given: readonly string[]): string[] {
  if (minor < 20) return []
  const wanted = minor >= 26 ? [...defaultsOf126, ...given] : given
  return wanted.map((name) => name.toLowerCase()).filter((name) => serverVersion >= (reportedSince[name] ?? Infinity))
}

function minorOf(version: unknown): number {
  const match = typeof version === 'string' ? /^1\.(\d+)(?:\.\d+)?$/.exec(version) : null
  const minor = Number(match?.[1])
  if (minor >= oldest && minor <= newest) return minor
  throw new InvalidOptionError(
    'poolers.pgbouncer(): version',
    version,
    `a version from '1.${oldest}' to '1.${newest}', such as '1.24' or '1.24.1'`,
  )
}

function names(given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return given
  throw new InvalidOptionError('poolers.pgbouncer(): trackExtraParameters', given, "a list of names, such as ['search_path']")
}

function wholeNumber(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value
  throw new InvalidOptionError(`poolers.pgbouncer(): ${name}`, value, `a whole number of at least ${least}`)
}
