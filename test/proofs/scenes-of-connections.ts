import { createGuard, type Guard, type Outcome, type PoolerProfile } from '@poolsafe/core'
import pg from 'pg'
import { answer } from '../session/answer.ts'
import type { Seen } from './experiment.ts'
import type { Play, Scene } from './scenes.ts'
import { answerMillis, stageUrl } from './target.ts'

const limit = '4321ms'
const show = 'SHOW statement_timeout'

/** What a guard tells of what an adapter hands to it. */
function told(hand: (guard: Guard) => void): (pooler: PoolerProfile) => Outcome | undefined {
  return (pooler) => {
    const guard = createGuard({ mode: 'warn', pooler, logger: { warn: () => undefined } })
    const outcomes: Outcome[] = []
    guard.on('finding', ({ findings: [{ outcome }] }) => void outcomes.push(outcome))
    hand(guard)
    return outcomes[0]
  }
}

/** What becomes of a limit with which a client logs in. */
async function logIn({ target, user }: Play, config: pg.ClientConfig, stranger: () => Promise<pg.Client>): Promise<Seen> {
  const client = new pg.Client({ connectionString: stageUrl(target, user), query_timeout: answerMillis, ...config })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const own = await answer(client, show)
    if ((await answer(await stranger(), show)) === limit) return 'leaks'
    return config.statement_timeout === undefined || own === limit ? 'none' : 'wiped'
  } catch (error) {
    if ((error as { code?: string }).code === '08P01') return 'rejected'
    throw error
  } finally {
    await client.end()
  }
}

async function rowsOf(play: Play): Promise<unknown> {
  return answer(await play.direct(), `SELECT count(*)::int FROM orders WHERE item = '${play.user}'`)
}

const insert = ({ user }: Play): string => `INSERT INTO orders (id, item) VALUES (0, '${user}')`
const unlock = ({ user }: { readonly user: string }): string => `SELECT pg_advisory_unlock(hashtext('${user}'))`

/** What is no text: a login, a cancellation, an answer. */
export const scenesOfConnections: readonly Scene[] = [
  {
    rule: 'connection/startup-parameter',
    unsafe: 'new pg.Pool({ statement_timeout: 4321 })',
    harm: (play) => logIn(play, { statement_timeout: 4321 }, () => play.client()),
    verdict: told((guard) => guard.refuseLogin({ statement_timeout: '4321' }, '', told)),
    safe: 'new pg.Pool({ query_timeout: 4321 })',
    remedy: (play) => logIn(play, { query_timeout: answerMillis - 1 }, () => play.client()),
  },
  {
    rule: 'connection/cancel-by-pid',
    unsafe: 'pg_cancel_backend(client.processID)',
    async harm(play) {
      const client = (await play.client()) as pg.Client & { readonly processID: number }
      return (await answer(client, 'SELECT pg_backend_pid()')) === client.processID ? 'none' : 'lost'
    },
    verdict: told((guard) => guard.refuseCall('cancelByPid', told)),
    safe: "SET LOCAL statement_timeout = '1ms' before a query that takes longer",
    async remedy(play) {
      const client = await play.client()
      await client.query("BEGIN; SET LOCAL statement_timeout = '1ms'")
      const ended = await answer(client, `SELECT pg_sleep(${answerMillis / 1000})`)
      await client.query('ROLLBACK')
      return ended === 'error 57014' ? 'none' : 'lost'
    },
  },
  {
    rule: 'session/unlock-not-held',
    unsafe: 'pg_advisory_unlock of a lock that the session does not hold',
    harm: async (play) => ((await answer(await play.client(), unlock(play))) === false ? 'lost' : 'none'),
    verdict: told((guard) => {
      const sql = unlock({ user: 'a' })
      guard.refuseAnswer(sql, guard.analyze(sql), [{ rows: [[false]] }])
    }),
    safe: 'lock and unlock in one text',
    async remedy(play) {
      const both = `${unlock(play).replace('unlock', 'lock')}; ${unlock(play)}`
      return (await answer(await play.client(), both)) === true ? 'none' : 'lost'
    },
  },
  {
    rule: 'transaction/commit-rolled-back',
    unsafe: 'COMMIT after the error of a statement, which nobody passed on',
    async harm(play) {
      const client = await play.client()
      await client.query('BEGIN')
      await client.query(insert(play))
      await answer(client, 'SELECT 1/0')
      await client.query('COMMIT')
      return (await rowsOf(play)) === 1 ? 'none' : 'ineffective'
    },
    verdict: told((guard) => guard.refuseAnswer('COMMIT', guard.analyze('COMMIT'), [{ command: 'ROLLBACK' }])),
    safe: 'SAVEPOINT before the statement, ROLLBACK TO it after its error, COMMIT',
    async remedy(play) {
      const client = await play.client()
      await client.query('BEGIN')
      await client.query(insert(play))
      await client.query('SAVEPOINT expected')
      await answer(client, 'SELECT 1/0')
      await client.query('ROLLBACK TO expected')
      await client.query('COMMIT')
      return (await rowsOf(play)) === 1 ? 'none' : 'ineffective'
    },
  },
]
