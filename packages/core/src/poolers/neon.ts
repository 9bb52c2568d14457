import { hosted, type HostedOptions } from './hosted.ts'
import { isPooledHost, pooler, type Parts, type Pooler } from './pooler.ts'

const isNeon = ({ host }: Parts): boolean => host.endsWith('.neon.tech')

/**
 * Neon: the pooled endpoint (`-pooler.` in the host) is PgBouncer in transaction mode. Neon does not publish its version;
 * its documentation ("Connection pooling", of 2026-11) says that protocol-level prepared statements work.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export const neon: Pooler<HostedOptions> = pooler<HostedOptions>(
  (options: HostedOptions = {}) => {
    const profile = hosted(
      { factory: 'poolers.neon()', name: 'neon', title: 'Neon', tracksNames: 'docs: connection pooling' },
      options,
    )
    return { ...profile, directConnection: 'at Neon the host without -pooler' }
  },
  {
    forms: [{}],
    clues: [
      {
        by: 'service',
        matches: (parts) => isNeon(parts) && isPooledHost(parts),
        options: { connection: 'pooled' },
        certainty: 'likely',
        because: 'the host is a pooled endpoint of Neon (-pooler)',
      },
      {
        by: 'service',
        matches: isNeon,
        options: { connection: 'direct' },
        certainty: 'likely',
        because: 'the host is an endpoint of Neon without -pooler',
      },
    ],
  },
)
