import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { password } from '../applications.ts'
import { faultMillis, frozenMillis, ofApplications, type Fault, type Stage } from '../stage.ts'

/** Faults that operators and other clients cause while a server and a pooler run. */
export const operatorFaults: readonly Fault[] = [
  {
    name: 'a migration locks the table, and its lock is waited for',
    async cause({ server }) {
      const migration = new pg.Client(server.url)
      await migration.connect()
      await migration.query('BEGIN; LOCK TABLE written IN ACCESS EXCLUSIVE MODE')
      await sleep(frozenMillis)
      return async () => {
        await migration.query('ROLLBACK')
        await migration.end()
      }
    },
  },
  {
    name: 'the password is rotated, and the applications have the old one for a while',
    async cause(stage) {
      const change = (to: string): Promise<void> => forEachUser(stage, (user) => `ALTER ROLE ${user} PASSWORD '${to}'`)
      await change('another')
      await endAll(stage)
      await sleep(2 * faultMillis)
      return () => change(password)
    },
  },
  {
    name: 'the roles may not log in for a while',
    async cause(stage) {
      await forEachUser(stage, (user) => `ALTER ROLE ${user} NOLOGIN`)
      await endAll(stage)
      await sleep(2 * faultMillis)
      return () => forEachUser(stage, (user) => `ALTER ROLE ${user} LOGIN`)
    },
  },
  {
    name: 'privileges are taken away and given back',
    brings: 'permission denied',
    async cause(stage) {
      await forEachUser(stage, (user) => `REVOKE INSERT ON written FROM ${user}`)
      await sleep(2 * faultMillis)
      return () => forEachUser(stage, (user) => `GRANT INSERT ON written TO ${user}`)
    },
  },
  {
    name: 'answers are cut into pieces that arrive one after the other',
    async cause({ proxy }) {
      proxy.cutAnswers()
      await sleep(2 * faultMillis)
      return async () => proxy.speak()
    },
  },
  {
    name: 'statements arrive, and their answers do not',
    isInShortRun: true,
    async cause({ proxy }) {
      proxy.loseAnswers()
      await sleep(frozenMillis)
      return async () => {
        await proxy.close()
        proxy.speak()
        await proxy.open()
      }
    },
  },
  {
    name: 'PgBouncer takes no more clients',
    isPooled: true,
    async cause(stage) {
      const console = await consoleOf(stage)
      await console.query('SET max_client_conn = 1')
      await endAll(stage)
      for (let times = 0; times < 4; times++) {
        stage.proxy.resetAll()
        await sleep(faultMillis / 2)
      }
      return async () => {
        await console.query('SET max_client_conn = 500')
        await console.end()
      }
    },
  },
  {
    name: 'PgBouncer has one server connection for each user from now on',
    isPooled: true,
    async cause(stage) {
      const console = await consoleOf(stage)
      await console.query('SET default_pool_size = 1')
      await console.query('RECONNECT')
      await sleep(2 * faultMillis)
      return async () => {
        await console.query('SET default_pool_size = 5')
        await console.end()
      }
    },
  },
  {
    name: 'PgBouncer disables the database',
    isPooled: true,
    async cause(stage) {
      const console = await consoleOf(stage)
      await console.query('DISABLE postgres')
      stage.proxy.resetAll()
      await sleep(2 * faultMillis)
      return async () => {
        await console.query('ENABLE postgres')
        await console.end()
      }
    },
  },
]

async function consoleOf({ pooler }: Stage): Promise<pg.Client> {
  const console = new pg.Client({ connectionString: pooler?.adminUrl })
  console.on('error', () => {})
  await console.connect()
  return console
}

async function forEachUser({ admin, applications }: Stage, sql: (user: string) => string): Promise<void> {
  for (const { user } of applications) await admin.query(sql(user))
}

async function endAll({ admin }: Stage): Promise<void> {
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
}
