import type { PoolerProfile } from '@poolsafe/core'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startPooler, type DemoPooler, type PoolerName } from './poolers.ts'
import { openStage, type Stage } from './stage.ts'

/** A PostgreSQL and a pooler in transaction mode in front of it. */
export interface Servers {
  readonly postgresVersion: string
  /** The pooler's name, for people. */
  readonly pooler: string
  /** The profile of this pooler. */
  readonly profile: PoolerProfile
  /**
   * Opens a database of its own, so that nothing that one act leaves behind touches the next. `setup` is run by a
   * superuser.
   */
  openStage(setup?: string): Promise<Stage>
  stop(): Promise<void>
}

/** The application's role. Not a superuser, because row-level security does not apply to superusers. */
const app = { user: 'app', password: 'app' }

export async function startServers(name: PoolerName): Promise<Servers> {
  // The database's name in each line of the log lets each act count the statements that reached the server.
  const postgres = await startPostgres({ settings: { log_statement: 'all', log_line_prefix: '<%d> ' } })
  try {
    return await toServers(postgres, await startPooler[name](postgres, app))
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

async function toServers(postgres: PostgresServer, pooler: DemoPooler): Promise<Servers> {
  const admin = new pg.Client(postgres.url)
  await admin.connect()
  await admin.query(`CREATE ROLE ${app.user} LOGIN PASSWORD '${app.password}'`)
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version')
  let stages = 0
  return {
    postgresVersion: rows[0]?.server_version ?? 'unknown',
    pooler: pooler.label,
    profile: pooler.profile,
    openStage: (setup = '') => openStage({ postgres, pooledUrl: pooler.url, admin, app }, `stage_${++stages}`, setup),
    stop: async () => {
      await admin.end()
      await pooler.stop()
      await postgres.stop()
    },
  }
}
