import { createGuard } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { appPassword, appUser, connectionLimit, startPooler, type Fault, type Stage } from './faults.ts'
import { Proxy } from './proxy.ts'
import { Workload, type Seen } from './workload.ts'

/** What became of an application that met a fault. */
export interface Outcome {
  readonly fault: string
  readonly committed: number
  readonly failures: ReadonlyMap<string, number>
  readonly untyped: readonly string[]
  /** Rows that were committed, as the application was told, and are not there. */
  readonly lost: number
  /** Rows that are there more than once. */
  readonly twice: number
  /** Until every caller had a success again, from the end of the fault on; `undefined` if that did not come. */
  readonly recoveredMillis: number | undefined
  /** Connections and calls that were left behind. */
  readonly stuck: number
}

const callers = 20
const patienceMillis = 20_000

/** A server with the application's table and its user. */
export async function startServer(): Promise<PostgresServer> {
  // What was committed has to survive a crash.
  const server = await startPostgres({ settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } })
  const admin = await connectAdmin(server)
  await admin.query(`CREATE ROLE ${appUser} LOGIN PASSWORD '${appPassword}' CONNECTION LIMIT ${connectionLimit}`)
  await admin.query(`CREATE TABLE written (id text NOT NULL); GRANT SELECT, INSERT ON written TO ${appUser}`)
  await admin.end()
  return server
}

/** Runs the application before, during and after a fault. */
export async function runFault(server: PostgresServer, fault: Fault): Promise<Outcome> {
  const admin = await connectAdmin(server)
  await admin.query('TRUNCATE written')
  const pooler = fault.isPooled === true ? await startPooler(server, fault.pooler) : undefined
  const proxy = new Proxy(pooler?.port ?? server.port)
  await proxy.open()
  const stage: Stage = { server, proxy, admin, user: appUser, password: appPassword, pooler }
  const connectionString = `postgresql://${appUser}:${appPassword}@127.0.0.1:${proxy.port}/postgres`
  const bare = new pg.Pool({ connectionString, max: 8, query_timeout: fault.queryTimeoutMillis ?? 1000 })
  const pool = guardPool(bare, createGuard({ logger: { warn: () => {} } }), { acquireTimeoutMillis: 1500, connectTimeoutMillis: 1000 })
  pool.on('error', () => {})
  const workload = new Workload(pool, callers)
  try {
    await workload.recovered(patienceMillis)
    await sleep(200)
    const end = await fault.cause(stage)
    await end()
    const recoveredMillis = await workload.recovered(patienceMillis)
    const seen = await workload.end()
    return { fault: fault.name, recoveredMillis, ...(await judge(server, seen)), stuck: leftIn(pool) }
  } finally {
    await workload.end()
    await pool.end()
    await proxy.close()
    await stage.pooler?.stop()
    await admin.end()
  }
}

async function judge(server: PostgresServer, seen: Seen): Promise<Omit<Outcome, 'fault' | 'recoveredMillis' | 'stuck'>> {
  const admin = await connectAdmin(server)
  const { rows } = await admin.query<{ id: string; times: number }>('SELECT id, count(*)::int AS times FROM written GROUP BY id')
  await admin.end()
  const there = new Set(rows.map(({ id }) => id))
  return {
    committed: seen.committed.length,
    failures: seen.failures,
    untyped: seen.untyped,
    lost: seen.committed.filter((id) => !there.has(id)).length,
    twice: rows.filter(({ times }) => times > 1).length,
  }
}

function leftIn(pool: pg.Pool): number {
  const { active = Number.NaN, waiting = Number.NaN } = poolStatistics(pool) ?? {}
  return active + waiting
}

/** A crash ends it as well. */
async function connectAdmin(server: PostgresServer): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const admin = new pg.Client({ connectionString: server.url })
    admin.on('error', () => {})
    try {
      await admin.connect()
      return admin
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(50)
    }
  }
}
