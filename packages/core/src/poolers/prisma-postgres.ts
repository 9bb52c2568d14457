import { hosted, type HostedOptions } from './hosted.ts'
import { pooler, type Pooler } from './pooler.ts'

/**
 * Prisma Postgres: `pooled.db.prisma.io` is a PgBouncer of its own for each tenant, in transaction mode; `db.prisma.io` is
 * direct. Source: its documentation, "Connection pooling", which publishes neither the version nor the settings.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export const prismaPostgres: Pooler<HostedOptions> = pooler<HostedOptions>(
  (options: HostedOptions = {}) => {
    const profile = hosted(
      { factory: 'poolers.prismaPostgres()', name: 'prisma-postgres', title: 'Prisma Postgres' },
      options,
    )
    return { ...profile, directConnection: 'at Prisma Postgres the host db.prisma.io' }
  },
  {
    forms: [{}],
    clues: [
      {
        by: 'service',
        matches: ({ host, parameter }) =>
          host === 'pooled.db.prisma.io' || (host === 'db.prisma.io' && parameter('pooled') === 'true'),
        options: { connection: 'pooled' },
        certainty: 'likely',
        because: 'the host is the pooled one of Prisma Postgres',
      },
      {
        by: 'service',
        matches: ({ host }) => host === 'db.prisma.io',
        options: { connection: 'direct' },
        certainty: 'likely',
        because: 'the host is the direct one of Prisma Postgres',
      },
    ],
  },
)
