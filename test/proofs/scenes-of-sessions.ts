import { once } from 'node:events'
import type pg from 'pg'
import { answer } from '../support/session/answer.ts'
import { hold } from './experiment.ts'
import { inspected, type Play, type Scene } from './play.ts'
import { answerMillis } from './target.ts'

function heardBy(client: pg.Client): (string | undefined)[] {
  const heard: (string | undefined)[] = []
  client.on('notification', ({ payload }) => heard.push(payload))
  return heard
}

/** A lock of the play's own, so that plays do not meet. */
const keyOf = ({ user }: Play): string => `hashtext('${user}')`

/** Returns true if any session holds the lock. */
async function isLocked(play: Play): Promise<boolean> {
  const free = `SELECT pg_try_advisory_xact_lock(${keyOf(play)})`
  return (await answer(await play.direct(), free)) === false
}

/** The name of the scene, which is listed where it differs. */
export const unlockedElsewhere =
  'pg_advisory_lock, and pg_advisory_unlock after another client’s transaction took its server connection'

export const scenesOfSessions: readonly Scene[] = [
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
    verdict: ({ target }) => inspected('session/named-statement', target.profile, 'SELECT 1', { named: true }),
    safe: "client.query({ text: 'SELECT …' })",
    async remedy(play) {
      const [owner, stranger] = [await play.client(), await play.client()]
      const answers = [
        await answer(owner, { text: 'SELECT 7', values: [] }),
        await answer(stranger, { text: 'SELECT 8', values: [] }),
      ]
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
    verdict: ({ target }) => inspected('session/listen', target.profile, 'LISTEN orders'),
    safe: "LISTEN orders on a direct connection, and pg_notify('orders', 'paid') through the pooler",
    async remedy(play) {
      const [owner, sender] = [await play.direct(), await play.client()]
      await owner.query('LISTEN orders')
      const notified = once(owner, 'notification', { signal: AbortSignal.timeout(answerMillis) }) as Promise<
        [pg.Notification]
      >
      await sender.query("SELECT pg_notify('orders', 'paid')")
      return (await notified)[0].payload === 'paid' ? 'none' : 'lost'
    },
  },
  {
    rule: 'session/unlock-not-held',
    unsafe: unlockedElsewhere,
    async harm(play) {
      const owner = await play.guardedPool().connect()
      const [stranger, holder] = [await play.client(), await play.client()]
      await hold(holder)
      await owner.query(`SELECT pg_advisory_lock(${keyOf(play)})`)
      await hold(stranger)
      await holder.query('COMMIT')
      const released = await answer(owner, `SELECT pg_advisory_unlock(${keyOf(play)})`)
      owner.release()
      if (released === true) return 'none'
      return (await isLocked(play)) ? 'lost' : 'wiped'
    },
    safe: 'pg_advisory_xact_lock inside a transaction',
    async remedy(play) {
      const owner = await play.guardedPool().connect()
      await owner.query('BEGIN')
      await owner.query(`SELECT pg_advisory_xact_lock(${keyOf(play)})`)
      const wasLocked = await isLocked(play)
      await owner.query('COMMIT')
      owner.release()
      return wasLocked && !(await isLocked(play)) ? 'none' : 'lost'
    },
  },
]
