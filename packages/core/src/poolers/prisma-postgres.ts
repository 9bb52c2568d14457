import { hosted, type HostedOptions } from './hosted.ts'
import { pooler, type Pooler } from './pooler.ts'

/**
 * Prisma Postgres: `pooled.db.prisma.io` is PgBouncer in transaction mode, of a version and with settings that Prisma
 * does not publish; `db.prisma.io` is direct.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export const prismaPostgres: Pooler<HostedOptions> = pooler<HostedOptions>(
  (options: HostedOptions = {}) => {
    return hosted({ factory: 'poolers.prismaPostgres()', name: 'prisma-postgres', title: 'Prisma Postgres' }, options)
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
