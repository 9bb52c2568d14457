import { checkObject, checkOneOf } from '../options.ts'
import { session } from './cells.ts'
import { pgBouncerOptions, pgBouncerProfile, type PgBouncerOptions } from './pgbouncer.ts'
import type { PoolerProfile } from './profile.ts'

/** A service with a direct connection and a pooled one, which is PgBouncer. */
export type HostedOptions =
  /** Through PgBouncer, of which the service may tell more than nothing. The default. */
  ({ readonly connection?: 'pooled' } & PgBouncerOptions) | { readonly connection: 'direct' }

interface Host {
  readonly factory: string
  readonly name: string
  readonly title: string
}

/** @throws InvalidOptionError */
export function hosted({ factory, name, title }: Host, options: HostedOptions): PoolerProfile {
  checkObject(factory, options, ['connection', ...pgBouncerOptions])
  const { connection = 'pooled', ...others } = options
  if (checkOneOf(`${factory}: connection`, connection, ['pooled', 'direct']) === 'pooled') {
    return pgBouncerProfile({ factory, name, prefix: `${title}, pooled: ` }, others)
  }
  checkObject(`${factory} with connection 'direct'`, options, ['connection'])
  return session(name, `${title}, direct connection`, 'as a direct connection')
}
