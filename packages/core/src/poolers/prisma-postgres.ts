import { hosted, type HostedOptions } from './hosted.ts'
import type { PoolerProfile } from './profile.ts'

/**
 * Prisma Postgres: `pooled.db.prisma.io` is PgBouncer in transaction mode, of a version and with settings that Prisma does not
 * publish; `db.prisma.io` is direct.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export function prismaPostgres(options: HostedOptions = {}): PoolerProfile {
  return hosted({ factory: 'poolers.prismaPostgres()', name: 'prisma-postgres', title: 'Prisma Postgres' }, options)
}
