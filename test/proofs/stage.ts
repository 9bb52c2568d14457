import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPgBouncer, startPostgres, type PgBouncerServer } from '@poolsafe/testing/servers'

/** A PostgreSQL behind a PgBouncer in transaction mode, and who plays there. */
export interface Stage {
  /** A new client through the pooler; closed with the scene. */
  pooled(): Promise<pg.Client>
  /** A new client that goes round the pooler; closed with the scene. */
  direct(): Promise<pg.Client>
  /** A pool of the application through the pooler; closed with the scene. */
  pool(max: number): pg.Pool
  /** Ends the scene: what was opened is closed, and the pooler opens its server connections anew. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** The first version that knows the names of statements. */
const tracksNamesFrom = 21
const pollMillis = 10

/**
 * Two server connections suffice to move a client: PgBouncer takes the one that was used last, so a client that is alone
 * shares it with whoever comes next, and gets the other one while somebody holds it.
 */
export async function openStage(): Promise<Stage> {
  const postgres = await startPostgres()
  const pooler = await startPgBouncer({ target: postgres, defaultPoolSize: 2 })
  const minor = Number(pooler.version.split('.')[1])
  // The harm of named statements shows where the pooler does not track them.
  if (minor >= tracksNamesFrom) await onConsole(pooler, 'SET max_prepared_statements = 0')
  const opened: { end(): Promise<void> }[] = []
  const connect = async (connectionString: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString })
    opened.push(client)
    await client.connect()
    return client
  }
  return {
    pooled: () => connect(pooler.url),
    direct: () => connect(postgres.url),
    pool(max) {
      const pool = new pg.Pool({ connectionString: pooler.url, max })
      opened.push(pool)
      return pool
    },
    async clear() {
      await Promise.all(opened.splice(0).map((each) => each.end()))
      await renewServers(pooler, postgres.url)
    },
    async stop() {
      await pooler.stop()
      await postgres.stop()
    },
  }
}

/** RECONNECT closes a server connection when it is free; the next scene must not begin before. */
async function renewServers(pooler: PgBouncerServer, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const open = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
  await onConsole(pooler, 'RECONNECT')
  await client.query(open.replace('SELECT pid', 'SELECT pg_terminate_backend(pid)'))
  while ((await client.query(open)).rows.length > 0) await sleep(pollMillis)
  await client.end()
}

async function onConsole(pooler: PgBouncerServer, command: string): Promise<void> {
  const console = new pg.Client({ connectionString: pooler.adminUrl })
  await console.connect()
  await console.query(command)
  await console.end()
}

/** The first value of the last result, or the SQLSTATE of the error. */
export async function answer(client: pg.Client | pg.Pool | pg.PoolClient, query: string | pg.QueryConfig): Promise<unknown> {
  try {
    const result: pg.QueryArrayResult<unknown[]> | pg.QueryArrayResult<unknown[]>[] = await client.query({
      ...(typeof query === 'string' ? { text: query } : query),
      rowMode: 'array',
    })
    const last = Array.isArray(result) ? result.at(-1) : result
    return last?.rows[0]?.[0]
  } catch (error) {
    return `error ${String((error as pg.DatabaseError).code)}`
  }
}
