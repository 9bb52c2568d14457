import { InvalidOptionError } from '@poolsafe/core'

/** The settings of Prisma's names in a URL. Settings that the URL does not contain are absent. */
export interface UrlSettings {
  /** `connection_limit`: the maximum number of connections. */
  readonly max?: number
  /** `pool_timeout`: how long a call waits for a connection; in the URL in seconds, `0` for no limit. */
  readonly acquireTimeoutMillis?: number
  /** `connect_timeout`: how long connecting may take; in the URL in seconds, `0` for no limit. */
  readonly connectTimeoutMillis?: number
  /** `socket_timeout`: how long a statement may go without an answer; in the URL in seconds. */
  readonly queryTimeoutMillis?: number
  /** `schema`: for the adapter of Prisma. */
  readonly schema?: string
  /** URL parameters that have no effect any more, a sentence each. */
  readonly notes: readonly string[]
}

const withoutMeaning: readonly (readonly [name: string, note: string])[] = [
  [
    'pgbouncer',
    'pgbouncer=true does nothing since Prisma 7: no statement is named; tell poolsafe what is in front of the database by createGuard({ pooler })',
  ],
  [
    'statement_cache_size',
    'statement_cache_size does nothing since Prisma 7: no statement is named, so that none is kept',
  ],
]

const ours = new Set([
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'socket_timeout',
  'schema',
  ...withoutMeaning.map(([name]) => name),
])

/**
 * Reads Prisma's names from a connection URL. node-postgres, Kysely and Prisma 7 ignore them silently.
 *
 * @throws InvalidOptionError if it is not a PostgreSQL URL (quoted without its password) or if a value is invalid
 */
export function readUrl(url: string): UrlSettings {
  const { searchParams } = parse(url)
  const settings: { -readonly [Name in keyof UrlSettings]: UrlSettings[Name] } = { notes: notesOf(searchParams) }
  const max = numberOf(searchParams, 'connection_limit', 1)
  if (max !== undefined) settings.max = max
  const acquire = secondsOf(searchParams, 'pool_timeout')
  if (acquire !== undefined) settings.acquireTimeoutMillis = acquire
  const connect = secondsOf(searchParams, 'connect_timeout')
  if (connect !== undefined) settings.connectTimeoutMillis = connect
  const query = secondsOf(searchParams, 'socket_timeout')
  if (query !== undefined) settings.queryTimeoutMillis = query
  const schema = searchParams.get('schema')
  if (schema !== null) settings.schema = schema
  return settings
}

/** Removes Prisma's names from a URL, because the driver does not know them. */
export function withoutSettings(url: string): string {
  const [address, query] = split(url)
  if (query === undefined) return url
  const kept = query.split('&').filter((part) => !ours.has(part.replace(/=.*$/, '')))
  return kept.length === 0 ? address : `${address}?${kept.join('&')}`
}

/** Returns a URL that is safe to show: its password, and anything that might be one, is replaced. */
export function withoutPassword(url: string): string {
  const [address, query] = split(url)
  const scheme = /^[a-z+]*:\/\//i.exec(address)?.[0]
  // For keywords and values, the start and the end of the password are ambiguous.
  if (scheme === undefined) return 'which is no URL'
  const rest = address.slice(scheme.length)
  // A password without URL encoding may contain any character, so it ends at the last `@`.
  const shown = rest.includes('@')
    ? rest.replace(/^([^:@]*):.*@/s, '$1:***@')
    : rest.replace(/^([^:/]*):(?!\d{1,5}(?:\/|$))[^/]*/, '$1:***')
  const parameters = query?.replaceAll(/([^&=]*(?:password|secret|token|key)[^&=]*)=[^&]*/gi, '$1=***')
  return `${scheme}${shown}${parameters === undefined ? '' : `?${parameters}`}`
}

/**
 * Splits off the query. A password without URL encoding may contain a question mark, so the query starts after the last
 * `@`.
 */
function split(url: string): [address: string, query?: string] {
  const mark = url.indexOf('?', url.includes('@') ? url.lastIndexOf('@') : 0)
  return mark === -1 ? [url] : [url.slice(0, mark), url.slice(mark + 1)]
}

function parse(url: unknown): URL {
  const allowed = 'a URL such as postgresql://user:password@host:5432/database, its special characters encoded'
  if (typeof url !== 'string') throw new InvalidOptionError('the URL of the pool', url, allowed)
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && /^postgres(?:ql)?:$/.test(parsed.protocol)) return parsed
  throw new InvalidOptionError(`the URL of the pool, ${withoutPassword(url)},`, url, allowed)
}

function notesOf(parameters: URLSearchParams): readonly string[] {
  return withoutMeaning
    .filter(([name]) => parameters.has(name) && parameters.get(name) !== 'false')
    .map(([, note]) => note)
}

function secondsOf(parameters: URLSearchParams, name: string): number | undefined {
  const seconds = numberOf(parameters, name, 0)
  if (seconds === undefined) return undefined
  return seconds === 0 ? Infinity : seconds * 1000
}

function numberOf(parameters: URLSearchParams, name: string, least: number): number | undefined {
  const text = parameters.get(name)
  if (text === null) return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= 2_000_000) return number
  throw new InvalidOptionError(`${name} in the URL of the pool`, text, `a whole number from ${least} to 2000000`)
}
