import { startPooler, startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'

export interface Servers {
  readonly pooledUrl: string
  /** Runs a statement round the pooler, as a user whom row-level security does not stop. */
  run(statement: string): Promise<void>
  stop(): Promise<void>
}

/** No superuser: row-level security does not hold for those. */
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
