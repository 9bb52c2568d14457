import { startPooler, startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'

export interface Servers {
  readonly pooledUrl: string
  /** Runs a statement over a direct connection, as a user without row-level security. */
  run(statement: string): Promise<void>
  stop(): Promise<void>
}

/** Not a superuser, because row-level security does not apply to superusers. */
const user = 'app'

export async function startServers(statements: readonly string[]): Promise<Servers> {
  const postgres = await startPostgres()
  const admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${user}'`)
  for (const statement of statements) await admin.query(statement)
  await admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${user}`)
  const target = { ...postgres, user, password: user }
  const pooler = await startPooler({ target, kind: process.env.POOLER === 'pgbouncer' ? 'pgbouncer' : 'hostile' })
  return {
    pooledUrl: pooler.url,
    run: async (statement) => void (await admin.query(statement)),
    stop: async () => {
      await admin.end()
      await pooler.stop()
      await postgres.stop()
    },
  }
}
