import { startPgBouncer, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Proxy } from './proxy.ts'

/** What the application connects to, and what may be done to it. */
export interface Stage {
  readonly server: PostgresServer
  /** Between the application and PostgreSQL or PgBouncer. */
  readonly proxy: Proxy
  /** A superuser's connection that goes round everything. */
  readonly admin: pg.Client
  /** The application's user; it may have ten connections. */
  readonly user: string
  readonly password: string
  pooler: PgBouncerServer | undefined
}

/** One thing that goes wrong, for a while. */
export interface Fault {
  readonly name: string
  /** @default 1000 */
  readonly queryTimeoutMillis?: number
  /** Whether PgBouncer stands before the server. @default false */
  readonly isPooled?: boolean
  /** Its settings. */
  readonly pooler?: Readonly<Record<string, string>>
  /** Makes it go wrong. @returns what ends it */
  cause(stage: Stage): Promise<() => Promise<void>>
}

/** How long things are wrong. */
const faultMillis = 700

/** All that the application has to survive. */
export const faults: readonly Fault[] = [
  {
    name: 'PostgreSQL crashes and recovers',
    async cause({ admin }) {
      // The end of one process that was not meant to end has the server throw out everybody and recover.
      const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1 LIMIT 1', [appUser])
      if (rows[0] !== undefined) process.kill(rows[0].pid, 'SIGKILL')
      return () => sleep(faultMillis)
    },
  },
  {
    name: 'PostgreSQL is restarted: connections end, new ones are refused',
    async cause({ proxy }) {
      await proxy.close()
      await sleep(faultMillis)
      return () => proxy.open()
    },
  },
  {
    name: 'backends are killed inside transactions',
    async cause({ admin }) {
      for (let times = 0; times < 20; times++) {
        await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 ORDER BY random() LIMIT 3', [appUser])
        await sleep(faultMillis / 20)
      }
      return async () => {}
    },
  },
  {
    name: 'the way goes silent, and connections on it do not come back',
    async cause({ proxy }) {
      proxy.silence()
      await sleep(2 * faultMillis)
      return async () => {
        await proxy.close()
        proxy.speak()
        await proxy.open()
      }
    },
  },
  {
    name: 'the way goes silent, and speaks again',
    async cause({ proxy }) {
      proxy.silence()
      await sleep(2 * faultMillis)
      return async () => proxy.speak()
    },
  },
  {
    name: 'others have all connections',
    async cause(stage) {
      const url = `postgresql://${stage.user}:${stage.password}@127.0.0.1:${stage.server.port}/postgres?application_name=other`
      const others: pg.Client[] = []
      const theirs = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name <> 'other'"
      while (others.length < connectionLimit) {
        const other = new pg.Client({ connectionString: url })
        other.on('error', () => {})
        await other.connect().then(
          () => void others.push(other),
          () => stage.admin.query(theirs, [appUser]),
        )
      }
      await sleep(faultMillis)
      return async () => void (await Promise.all(others.map((other) => other.end())))
    },
  },
  {
    name: 'PgBouncer is restarted',
    isPooled: true,
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
    isPooled: true,
    queryTimeoutMillis: 5000,
    pooler: { query_wait_timeout: '1', default_pool_size: '2' },
    async cause({ pooler }) {
      const urls = Array.from({ length: 2 }, () => pooler?.urlFor(appUser, appPassword))
      const others = urls.map((url) => new pg.Client({ connectionString: url }))
      for (const other of others) {
        other.on('error', () => {})
        await other.connect()
        // Waits its turn behind the application; then it keeps the server.
        await other.query('BEGIN')
      }
      await sleep(2 * faultMillis)
      return async () => void (await Promise.all(others.map((other) => other.end())))
    },
  },
]

/** The most connections of the application's user. */
export const connectionLimit = 12
export const appUser = 'app'
export const appPassword = 'app'

export function startPooler(server: PostgresServer, settings: Readonly<Record<string, string>> = {}): Promise<PgBouncerServer> {
  return startPgBouncer({ target: server, users: { [appUser]: appPassword }, settings: { default_pool_size: '5', ...settings } })
}
