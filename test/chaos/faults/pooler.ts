import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freeze } from '../processes.ts'
import { startPooler } from '../servers.ts'
import { faultMillis, frozenMillis, ofApplications, type Fault, type Stage } from '../stage.ts'

/** Faults of PgBouncer. */
export const poolerFaults: readonly Fault[] = (
  [
    {
      name: 'PgBouncer is restarted',
      isInShortRun: true,
      async cause(stage) {
        await stage.pooler?.stop()
        await sleep(faultMillis)
        return async () => {
          stage.pooler = await startPooler(stage.server)
          stage.proxy.target = stage.pooler.port
        }
      },
    },
    {
      name: 'PgBouncer has no server to give',
      pooler: { query_wait_timeout: '1', default_pool_size: '2' },
      async cause({ pooler, applications }) {
        const others = applications.flatMap(({ user, password }) => {
          return Array.from({ length: 2 }, () => new pg.Client({ connectionString: pooler?.urlFor(user, password) }))
        })
        for (const other of others) {
          other.on('error', () => {})
          // Waits its turn behind the applications; then it keeps the server.
          await other.connect()
          await other.query('BEGIN').catch(() => {})
        }
        await sleep(2 * faultMillis)
        return async () => void (await Promise.all(others.map((other) => other.end())))
      },
    },
    {
      name: 'client_idle_timeout of PgBouncer',
      isInShortRun: true,
      pose: 'idle',
      pooler: { client_idle_timeout: '1' },
      cause: wait,
    },
    { name: 'server_idle_timeout of PgBouncer', pose: 'idle', pooler: { server_idle_timeout: '1' }, cause: wait },
    {
      name: 'server_lifetime of PgBouncer, during transactions',
      pose: 'inTransaction',
      pooler: { server_lifetime: '1' },
      cause: wait,
    },
    {
      name: 'idle_transaction_timeout of PgBouncer',
      pose: 'inTransaction',
      pooler: { idle_transaction_timeout: '0.1' },
      cause: wait,
    },
    { name: 'query_timeout of PgBouncer', pose: 'inStatement', pooler: { query_timeout: '0.1' }, cause: wait },
    { name: 'PgBouncer is paused and resumed', cause: (stage) => commanded(stage, 'PAUSE', 'RESUME') },
    { name: 'PgBouncer kills its connections', cause: (stage) => commanded(stage, 'KILL postgres', 'RESUME postgres') },
    { name: 'PgBouncer reconnects', cause: (stage) => commanded(stage, 'RECONNECT', 'RELOAD') },
    {
      name: 'PgBouncer freezes',
      async cause({ pooler }) {
        const thaw = freeze(pidIn(pooler?.log()))
        await sleep(frozenMillis)
        return async () => thaw()
      },
    },
    {
      name: 'the server behind PgBouncer ends all connections',
      async cause({ admin }) {
        for (let times = 0; times < 5; times++) {
          await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
          await sleep(faultMillis / 5)
        }
        return async () => {}
      },
    },
  ] satisfies Fault[]
).map((fault: Fault) => Object.assign({ isPooled: true }, fault))

/** Its limits do the rest; it looks about once a second. */
async function wait(): Promise<() => Promise<void>> {
  await sleep(4 * faultMillis)
  return async () => {}
}

async function commanded({ pooler }: Stage, ...commands: readonly [string, string]): Promise<() => Promise<void>> {
  const console = new pg.Client({ connectionString: pooler?.adminUrl })
  await console.connect()
  // PAUSE is answered when the last transaction has ended.
  await console.query(commands[0])
  await sleep(3 * faultMillis)
  return async () => {
    await console.query(commands[1])
    await console.end()
  }
}

/** PgBouncer logs as `time [pid] LOG …`. */
function pidIn(log = ''): number {
  const pid = /\[(\d+)\]/.exec(log)?.[1]
  if (pid === undefined) throw new Error(`PgBouncer does not tell its process id:\n${log}`)
  return Number(pid)
}
