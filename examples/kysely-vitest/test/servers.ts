import { startPooler, startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'

/** The shop's database, and an empty one for the migration. */
export interface Servers {
  readonly pooled: (database: DatabaseName) => string
  readonly direct: (database: DatabaseName) => string
  stop(): Promise<void>
}

export type DatabaseName = 'shop' | 'empty'

/** Not a superuser, because row-level security does not apply to superusers. */
const user = 'app'

export async function startServers(statements: readonly string[]): Promise<Servers> {
  const postgres = await startPostgres()
  await run(postgres.url, [
    `CREATE ROLE ${user} LOGIN PASSWORD '${user}'`,
    `CREATE DATABASE shop OWNER ${user}`,
    `CREATE DATABASE empty OWNER ${user}`,
  ])
  const direct = (database: DatabaseName): string =>
    `postgres://${user}:${user}@${postgres.host}:${postgres.port}/${database}`
  await run(direct('shop'), statements)
  const target = { ...postgres, user, password: user, database: 'shop' }
  const pooler = await startPooler({ target, kind: process.env.POOLER === 'pgbouncer' ? 'pgbouncer' : 'hostile' })
  return {
    direct,
    pooled: (database) => pooler.url.replace(/shop$/, database),
    stop: async () => {
      await pooler.stop()
      await postgres.stop()
    },
  }
}

async function run(connectionString: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}
