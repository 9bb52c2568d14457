import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

/** The database behind its pooler, as an application knows them: a URL, and the pooler's profile. */
export interface Database {
  readonly url: string
  readonly profile: PoolerProfile
  /** For people: `PostgreSQL 18.4 behind PgBouncer 1.26.1`. */
  readonly label: string
  stop(): Promise<void>
}

/** The application's role in `schema.sql`. */
const role = { user: 'shop', password: 'shop' }

/** Starts a PostgreSQL with the shop in it, and a PgBouncer in transaction mode. Production has both already. */
export async function startDatabase(): Promise<Database> {
  const postgres = await startPostgres()
  try {
    await createShop(postgres)
    const pgbouncer = await startPgBouncer({ target: postgres, users: { [role.user]: role.password } })
    return toDatabase(postgres, pgbouncer)
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

async function createShop(postgres: PostgresServer): Promise<void> {
  const client = new pg.Client(postgres.url)
  await client.connect()
  await client.query(await readFile(join(import.meta.dirname, '../schema.sql'), 'utf8'))
  await client.end()
}

function toDatabase(postgres: PostgresServer, pgbouncer: PgBouncerServer): Database {
  return {
    url: pgbouncer.urlFor(role.user, role.password),
    profile: profileOf(pgbouncer.version),
    label: `PostgreSQL ${postgres.version} behind PgBouncer ${pgbouncer.version}`,
    stop: async () => {
      await pgbouncer.stop()
      await postgres.stop()
    },
  }
}

/** A PgBouncer that poolsafe does not know yet is judged like any transaction pooler. */
function profileOf(version: string): PoolerProfile {
  try {
    return poolers.pgbouncer({ version })
  } catch (error) {
    if (error instanceof InvalidOptionError) return poolers.strictest()
    throw error
  }
}
