import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import { withClient } from './client.ts'
import type { PgBouncerServer } from './pgbouncer.ts'

type Settings = ReadonlyMap<string, string>

/**
 * Returns the profile of a running PgBouncer in transaction mode by its version, settings and server. For a version
 * that poolsafe does not know, it is the strictest profile.
 */
export async function profileOfPgBouncer({ adminUrl, url, version }: PgBouncerServer): Promise<PoolerProfile> {
  const settings = await askSettings(adminUrl)
  const serverVersion = await askServerVersion(url)
  try {
    return poolers.pgbouncer({ version, serverVersion, ...toOptions(settings) })
  } catch (error) {
    if (error instanceof InvalidOptionError) return poolers.strictest()
    throw error
  }
}

async function askSettings(adminUrl: string): Promise<Settings> {
  const { rows } = await withClient(adminUrl, (client) =>
    client.query<{ key: string; value: string | null }>('SHOW CONFIG'),
  )
  return new Map(rows.map(({ key, value }) => [key, value ?? '']))
}

async function askServerVersion(url: string): Promise<number> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ server_version_num: string }>('SHOW server_version_num'),
  )
  return Math.floor(Number(rows[0]?.server_version_num) / 10_000)
}

/** Leaves out settings that this version of PgBouncer does not have. */
function toOptions(settings: Settings): Parameters<typeof poolers.pgbouncer>[0] {
  const statements = settings.get('max_prepared_statements')
  const tracked = settings.get('track_extra_parameters')
  const resets =
    settings.get('server_reset_query_always') === '1' && settings.get('server_reset_query') === 'DISCARD ALL'
  return {
    ...(statements !== undefined && { maxPreparedStatements: Number(statements) }),
    ...(tracked !== undefined && { trackExtraParameters: namesIn(tracked) }),
    ignoreStartupParameters: namesIn(settings.get('ignore_startup_parameters') ?? ''),
    serverResetQueryAlways: resets,
  }
}

function namesIn(list: string): string[] {
  return list.split(/[\s,]+/).filter((name) => name !== '')
}
