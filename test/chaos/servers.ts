import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { password } from './applications.ts'
import { startStandby, type Standby } from '../support/servers/standby.ts'
import { connectionLimit } from './stage.ts'

/** The users of all applications that there may be. */
const users = ['pg', 'kysely', 'prisma'].flatMap((layer) =>
  ['source', 'esm', 'cjs'].map((modules) => `app_${layer}_${modules}`),
)

/** A server with the applications' table and their users. */
export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  // Committed rows have to survive a crash.
  const server = await startPostgres({
    settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', max_connections: '200', ...settings },
  })
  const admin = await connectAdmin(server)
  await admin.query('SET default_transaction_read_only = off')
  await admin.query('CREATE TABLE written (id text NOT NULL)')
  for (const user of users) {
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}' CONNECTION LIMIT ${connectionLimit}`)
    await admin.query(`GRANT SELECT, INSERT ON written TO ${user}`)
  }
  await admin.end()
  return server
}

const standbys = new Map<PostgresServer, Promise<Standby>>()

/** A standby of a server that all faults share. It is not promoted, and ends with {@link stopServer}. */
export function sharedStandby(server: PostgresServer): Promise<Standby> {
  const standby = standbys.get(server) ?? startStandby(server, false)
  standbys.set(server, standby)
  return standby
}

export async function stopServer(server: PostgresServer): Promise<void> {
  await (await standbys.get(server))?.stop()
  await server.stop()
}

export function startPooler(
  server: PostgresServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncerServer> {
  return startPgBouncer({
    target: server,
    users: Object.fromEntries(users.map((user) => [user, password])),
    // A server that has refused a login is asked again at once, not after 15 s.
    settings: { default_pool_size: '5', server_login_retry: '0.1', ...settings },
  })
}

/** Connects as soon as the server answers: a crash ends this connection as well. */
export async function connectAdmin(server: Pick<PostgresServer, 'url'>): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const admin = new pg.Client({ connectionString: server.url })
    admin.on('error', () => {})
    try {
      await admin.connect()
      return admin
    } catch (error) {
      if (attempt === 600) throw error
      await sleep(50)
    }
  }
}
