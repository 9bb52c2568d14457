import { checkObject, checkOneOf } from '../options.ts'
import { session } from './cells.ts'
import { pgBouncerOptions, pgBouncerProfile, type PgBouncerOptions } from './pgbouncer.ts'
import type { PoolerProfile } from './profile.ts'

/** Options of a service with a direct connection and a pooled one, which is PgBouncer. */
export type HostedOptions =
  /** Through PgBouncer, with what is known of its version and settings. The default. */
  ({ readonly connection?: 'pooled' } & PgBouncerOptions) | { readonly connection: 'direct' }

interface Host {
  readonly factory: string
  readonly name: string
  readonly title: string
  /** The page on which the service says that its PgBouncer tracks the names of statements. */
  readonly tracksNames?: string
}

/** @throws InvalidOptionError */
export function hosted({ factory, name, title, tracksNames }: Host, options: HostedOptions): PoolerProfile {
  checkObject(factory, options, ['connection', ...pgBouncerOptions])
  const { connection = 'pooled', ...others } = options
  if (checkOneOf(`${factory}: connection`, connection, ['pooled', 'direct']) === 'pooled') {
    const profile = pgBouncerProfile({ factory, name, prefix: `${title}, pooled: ` }, others)
    const { version, maxPreparedStatements }: PgBouncerOptions = others
    const isKnown = (version ?? maxPreparedStatements) !== undefined
    return tracksNames === undefined || isKnown ? profile : withNames(profile, `${tracksNames}; not measured`)
  }
  checkObject(`${factory} with connection 'direct'`, options, ['connection'])
  return session(name, `${title}, direct connection`, 'as a direct connection')
}

function withNames(profile: PoolerProfile, source: string): PoolerProfile {
  const { carries, sources } = profile
  return {
    ...profile,
    carries: { ...carries, 'named-statement': 'tracked' },
    ...(sources !== undefined && { sources: { ...sources, 'named-statement': source } }),
  }
}
