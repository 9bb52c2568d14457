import { poolers, InvalidOptionError, type PoolerProfile } from '@poolsafe/core'
import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { openStage, type Stage } from './stage.ts'

/** A PostgreSQL and a PgBouncer in transaction mode in front of it. */
export interface Servers {
  readonly postgresVersion: string
  readonly poolerVersion: string
  /** What poolsafe knows of this PgBouncer. */
  readonly profile: PoolerProfile
  /** Opens a database of its own, so that nothing that one act leaves behind touches the next. `setup` is run by a superuser. */
  openStage(setup?: string): Promise<Stage>
  stop(): Promise<void>
}

/** The application's role: no superuser, since row-level security does not hold for those. */
const app = { user: 'app', password: 'app' }

/** Server connections of PgBouncer for each database: fewer than the application's own pool has, as in real life. */
const serverConnections = 4

export async function startServers(): Promise<Servers> {
  // The database's name in each line of the log lets each act count the statements that reached the server.
  const postgres = await startPostgres({ settings: { log_statement: 'all', log_line_prefix: '<%d> ' } })
  try {
    const pooler = await startPgBouncer({ target: postgres, defaultPoolSize: serverConnections, users: { [app.user]: app.password } })
    return await toServers(postgres, pooler)
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

async function toServers(postgres: PostgresServer, pooler: PgBouncerServer): Promise<Servers> {
  const admin = new pg.Client(postgres.url)
  await admin.connect()
  await admin.query(`CREATE ROLE ${app.user} LOGIN PASSWORD '${app.password}'`)
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version')
  let stages = 0
  return {
    postgresVersion: rows[0]?.server_version ?? 'unknown',
    poolerVersion: pooler.version,
    profile: profileOf(pooler.version),
    openStage: (setup = '') => openStage({ postgres, pooler, admin, app }, `stage_${++stages}`, setup),
    stop: async () => {
      await admin.end()
      await pooler.stop()
      await postgres.stop()
    },
  }
}

/** A PgBouncer that is newer than poolsafe is judged as any transaction pooler is. */
function profileOf(version: string): PoolerProfile {
  try {
    return poolers.pgbouncer({ version })
  } catch (error) {
    if (error instanceof InvalidOptionError) return poolers.strictest()
    throw error
  }
}
