import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { password } from '../applications.ts'
import { connectionLimit, faultMillis, ofApplications, type Fault, type Stage } from '../stage.ts'

/** Faults of the server itself. */
export const serverFaults: readonly Fault[] = [
  {
    name: 'PostgreSQL crashes and recovers',
    async cause({ admin }) {
      // The end of one process that was not meant to end has the server throw out everybody and recover.
      const { rows } = await admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE ${ofApplications} LIMIT 1`,
      )
      if (rows[0] !== undefined) process.kill(rows[0].pid, 'SIGKILL')
      return () => sleep(faultMillis)
    },
  },
  {
    name: 'backends are killed inside transactions',
    isInShortRun: true,
    async cause({ admin }) {
      for (let times = 0; times < 20; times++) {
        await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications} ORDER BY random() LIMIT 6`,
        )
        await sleep(faultMillis / 20)
      }
      return async () => {}
    },
  },
  {
    name: 'idle connections are killed',
    pose: 'idle',
    async cause({ admin }) {
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
      await sleep(faultMillis)
      return async () => {}
    },
  },
  {
    name: 'statements are killed under way',
    pose: 'inStatement',
    cause: (stage) => killAll(stage, 'active'),
  },
  {
    name: 'transactions are killed while they are idle',
    pose: 'inTransaction',
    cause: (stage) => killAll(stage, 'idle in transaction'),
  },
  {
    name: 'another session cancels statements',
    pose: 'inStatement',
    brings: 'canceling statement due to user request',
    async cause({ admin, sessions }) {
      await until(async () => (await sessions('active')) > 0)
      await admin.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${ofApplications} AND state = 'active'`,
      )
      return async () => {}
    },
  },
  ...(
    [
      ['idle_session_timeout', 'idle'],
      ['idle_in_transaction_session_timeout', 'inTransaction'],
      ['transaction_timeout', 'inTransaction'],
    ] as const
  ).map(([setting, pose]): Fault => ({
    name: `${setting} ends connections`,
    pose,
    cause: (stage) => withSetting(stage, setting, '100ms'),
  })),
  {
    name: 'the server becomes read-only, and connections stay',
    cause: (stage) => withSetting(stage, 'default_transaction_read_only', 'on'),
  },
  {
    name: 'others have all connections',
    async cause(stage) {
      const others = await Promise.all(stage.applications.map(({ user }) => takeAll(stage, user)))
      await sleep(faultMillis)
      return async () => void (await Promise.all(others.flat().map((other) => other.end())))
    },
  },
]

/** Waits for a condition, for half a minute at most. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let times = 0; times < 3000; times++) {
    if (await isSo()) return
    await sleep(10)
  }
}

async function killAll({ admin, sessions }: Stage, state: string): Promise<() => Promise<void>> {
  for (let times = 0; times < 3; times++) {
    await until(async () => (await sessions(state)) > 0)
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications} AND state = '${state}'`,
    )
  }
  return async () => {}
}

/** Sessions take a setting of the server at once. */
async function withSetting({ admin }: Stage, setting: string, value: string): Promise<() => Promise<void>> {
  await admin.query(`ALTER SYSTEM SET ${setting} = '${value}'`)
  await admin.query('SELECT pg_reload_conf()')
  await sleep(2 * faultMillis)
  return async () => {
    await admin.query(`ALTER SYSTEM RESET ${setting}`)
    await admin.query('SELECT pg_reload_conf()')
  }
}

async function takeAll({ server, admin }: Stage, user: string): Promise<pg.Client[]> {
  const url = `postgresql://${user}:${password}@127.0.0.1:${server.port}/postgres?application_name=other`
  const others: pg.Client[] = []
  const theirs =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name <> 'other'"
  while (others.length < connectionLimit) {
    const other = new pg.Client({ connectionString: url })
    other.on('error', () => {})
    await other.connect().then(
      () => void others.push(other),
      () => admin.query(theirs, [user]),
    )
  }
  return others
}
