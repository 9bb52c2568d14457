import { createGuard, type Outcome, type PoolerProfile, type RuleId } from '@poolsafe/core'
import { once } from 'node:events'
import pg from 'pg'
import { answer } from '../session/answer.ts'
import { hold, type Seen } from './experiment.ts'
import { scenesOfConnections } from './scenes-of-connections.ts'
import { answerMillis, connect, stageUrl, type Target } from './target.ts'

/** Where a scene plays, and what it needs of it: what it opens is closed for it. */
export class Play {
  readonly target: Target
  readonly user: string
  readonly #direct: Target
  readonly #opened: { end(): Promise<void> }[] = []

  constructor(target: Target, direct: Target, user: string) {
    this.target = target
    this.#direct = direct
    this.user = user
  }

  async client(target: Target = this.target): Promise<pg.Client> {
    const client = await connect(target, this.user)
    this.#opened.push(client)
    return client
  }

  direct(): Promise<pg.Client> {
    return this.client(this.#direct)
  }

  /** A pool of an application. */
  pool(): pg.Pool {
    const pool = new pg.Pool({ connectionString: stageUrl(this.target, this.user), max: 2, query_timeout: answerMillis })
    pool.on('error', () => undefined)
    this.#opened.push(pool)
    return pool
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((each) => each.end()))
  }
}

/** What several calls of a driver do, that no single statement shows. */
export interface Scene {
  readonly rule: RuleId
  readonly unsafe: string
  readonly harm: (play: Play) => Promise<Seen>
  readonly verdict: (pooler: PoolerProfile) => Outcome | undefined
  readonly safe: string
  readonly remedy: (play: Play) => Promise<Seen>
}

const insert = ({ user }: Play): string => `INSERT INTO orders (id, item) VALUES (0, '${user}')`

/** Whether what a stranger wrote with a statement of its own is there. */
async function isWritten(play: Play): Promise<Seen> {
  const rows = await answer(await play.direct(), `SELECT count(*)::int FROM orders WHERE item = '${play.user}'`)
  return rows === 1 ? 'none' : 'leaks'
}

function heardBy(client: pg.Client): (string | undefined)[] {
  const heard: (string | undefined)[] = []
  client.on('notification', ({ payload }) => heard.push(payload))
  return heard
}

function inspected(
  rule: RuleId,
  pooler: PoolerProfile,
  ...call: Parameters<ReturnType<typeof createGuard>['inspect']>
): Outcome | undefined {
  return createGuard({ mode: 'strict', pooler })
    .inspect(...call)
    .findings.find((finding) => finding.rule === rule)?.outcome
}

/** What a guard tells when a connection is given back inside a transaction. */
function released(pooler: PoolerProfile): Outcome | undefined {
  const guard = createGuard({ mode: 'warn', pooler, logger: { warn: () => undefined } })
  const outcomes: Outcome[] = []
  guard.on('finding', ({ findings: [{ outcome }] }) => void outcomes.push(outcome))
  guard.refuseCall('releasedInTransaction', released)
  return outcomes[0]
}

export const scenes: readonly Scene[] = [
  ...scenesOfConnections,
  {
    rule: 'session/named-statement',
    unsafe: "client.query({ name: 'find', text: 'SELECT …' })",
    async harm(play) {
      const [owner, stranger, holder] = [await play.client(), await play.client(), await play.client()]
      await hold(holder)
      await owner.query({ name: 'find', text: 'SELECT 7' })
      if ((await answer(stranger, { name: 'find', text: 'SELECT 8' })) !== 8) return 'leaks'
      await hold(stranger)
      await holder.query('COMMIT')
      return (await answer(owner, { name: 'find', text: 'SELECT 7' })) === 7 ? 'none' : 'wiped'
    },
    verdict: (pooler) => inspected('session/named-statement', pooler, 'SELECT 1', { named: true }),
    safe: "client.query({ text: 'SELECT …' })",
    async remedy(play) {
      const [owner, stranger] = [await play.client(), await play.client()]
      const answers = [await answer(owner, { text: 'SELECT 7', values: [] }), await answer(stranger, { text: 'SELECT 8', values: [] })]
      return answers.join() === '7,8' ? 'none' : 'leaks'
    },
  },
  {
    rule: 'session/listen',
    unsafe: "LISTEN orders, and somebody’s NOTIFY orders, 'paid'",
    async harm(play) {
      const [owner, stranger, holder] = [await play.client(), await play.client(), await play.client()]
      const heard = { owner: heardBy(owner), stranger: heardBy(stranger) }
      await hold(holder)
      await owner.query('LISTEN orders')
      await hold(stranger)
      await (await play.direct()).query("NOTIFY orders, 'paid'")
      await stranger.query('COMMIT')
      await stranger.query('SELECT 1')
      await owner.query('SELECT 1')
      if (heard.stranger.length > 0) return 'leaks'
      return heard.owner.length > 0 ? 'none' : 'wiped'
    },
    verdict: (pooler) => inspected('session/listen', pooler, 'LISTEN orders'),
    safe: "LISTEN orders on a direct connection, and pg_notify('orders', 'paid') through the pooler",
    async remedy(play) {
      const [owner, sender] = [await play.direct(), await play.client()]
      await owner.query('LISTEN orders')
      const notified = once(owner, 'notification', { signal: AbortSignal.timeout(answerMillis) }) as Promise<[pg.Notification]>
      await sender.query("SELECT pg_notify('orders', 'paid')")
      return (await notified)[0].payload === 'paid' ? 'none' : 'lost'
    },
  },
  {
    rule: 'transaction/unpinned',
    unsafe: "pool.query('BEGIN'), and somebody’s INSERT before pool.query('ROLLBACK')",
    async harm(play) {
      const pool = play.pool()
      await pool.query('BEGIN')
      await pool.query(insert(play))
      await pool.query('ROLLBACK')
      return isWritten(play)
    },
    verdict: (pooler) => inspected('transaction/unpinned', pooler, 'BEGIN', { pinned: false }),
    safe: 'BEGIN and ROLLBACK on a client of pool.connect()',
    async remedy(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      await pool.query(insert(play))
      await client.query('ROLLBACK')
      client.release()
      return isWritten(play)
    },
  },
  {
    rule: 'transaction/left-open',
    unsafe: 'client.release() after BEGIN, and somebody’s INSERT',
    async harm(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      client.release()
      await pool.query(insert(play))
      return isWritten(play)
    },
    verdict: released,
    safe: 'client.release() after BEGIN and COMMIT',
    async remedy(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('COMMIT')
      client.release()
      await pool.query(insert(play))
      return isWritten(play)
    },
  },
]
