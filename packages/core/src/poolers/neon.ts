import { hosted, type HostedOptions } from './hosted.ts'
import type { PoolerProfile } from './profile.ts'

/**
 * Neon: the pooled endpoint (`-pooler.` in the host) is PgBouncer in transaction mode, of a version and with settings that Neon
 * does not publish.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export function neon(options: HostedOptions = {}): PoolerProfile {
  return hosted({ factory: 'poolers.neon()', name: 'neon', title: 'Neon' }, options)
}
