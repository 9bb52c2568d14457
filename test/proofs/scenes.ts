import { once } from 'node:events'
import type pg from 'pg'
import type { RuleId } from '@poolsafe/core'
import { answer, type Stage } from './stage.ts'

/** What needs more than one statement and one question: each gives what was seen. */
export interface Scene {
  readonly rule: RuleId
  readonly harm: (stage: Stage) => Promise<unknown>
  readonly harmSeen: unknown
  readonly remedy: (stage: Stage) => Promise<unknown>
  readonly remedySeen: unknown
}

const count = 'SELECT count(*)::int FROM orders'
const insert = "INSERT INTO orders (item) VALUES ('book') RETURNING id"

function heardBy(client: pg.Client): (string | undefined)[] {
  const heard: (string | undefined)[] = []
  client.on('notification', ({ payload }) => heard.push(payload))
  return heard
}

export const scenes: readonly Scene[] = [
  {
    rule: 'session/listen',
    async harm(stage) {
      const [owner, stranger, sender] = [await stage.pooled(), await stage.pooled(), await stage.direct()]
      const heard = { owner: heardBy(owner), stranger: heardBy(stranger) }
      await owner.query('LISTEN orders')
      await stranger.query('BEGIN')
      await sender.query("NOTIFY orders, 'paid'")
      await stranger.query('COMMIT')
      await owner.query('SELECT 1')
      return heard
    },
    harmSeen: { owner: [], stranger: ['paid'] },
    async remedy(stage) {
      const [owner, sender] = [await stage.direct(), await stage.pooled()]
      await owner.query('LISTEN orders')
      const [[message]] = await Promise.all([
        once(owner, 'notification') as Promise<[pg.Notification]>,
        sender.query("SELECT pg_notify('orders', 'paid')"),
      ])
      return message.payload
    },
    remedySeen: 'paid',
  },
  {
    rule: 'session/named-statement',
    async harm(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      return [await answer(owner, { name: 'find', text: 'SELECT 1' }), await answer(stranger, { name: 'find', text: 'SELECT 2' })]
    },
    harmSeen: [1, 'error 42P05'],
    async remedy(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      return [await answer(owner, { text: 'SELECT 1' }), await answer(stranger, { text: 'SELECT 2' })]
    },
    remedySeen: [1, 2],
  },
  {
    rule: 'session/sequence-value',
    async harm(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      const own = await answer(owner, insert)
      const others = await answer(stranger, insert)
      const last = Number(await answer(owner, 'SELECT lastval()'))
      return { isOwn: last === own, isOthers: last === others }
    },
    harmSeen: { isOwn: false, isOthers: true },
    async remedy(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      const own = await answer(owner, insert)
      await answer(stranger, insert)
      return answer(owner, `SELECT id = ${String(own)} FROM orders ORDER BY id LIMIT 1`)
    },
    remedySeen: true,
  },
  {
    rule: 'session/random-seed',
    async harm(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      const drawn = new Set<unknown>()
      for (let times = 0; times < 3; times++) {
        await owner.query('SELECT setseed(0.5)')
        drawn.add(await answer(stranger, 'SELECT random()'))
      }
      return drawn.size
    },
    harmSeen: 1,
    async remedy(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      const drawn = new Set<unknown>()
      for (let times = 0; times < 3; times++) {
        await owner.query({ text: 'SELECT $1::float8', values: [0.5] })
        drawn.add(await answer(stranger, 'SELECT random()'))
      }
      return drawn.size
    },
    remedySeen: 3,
  },
  {
    rule: 'session/discard',
    async harm(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      await owner.query("SET statement_timeout = '4321ms'")
      await stranger.query('BEGIN')
      await owner.query('DISCARD ALL')
      return answer(stranger, 'SHOW statement_timeout')
    },
    harmSeen: '4321ms',
    async remedy(stage) {
      const [owner, stranger] = [await stage.pooled(), await stage.pooled()]
      await owner.query("BEGIN; SET LOCAL statement_timeout = '4321ms'; COMMIT")
      await stranger.query('BEGIN')
      return answer(stranger, 'SHOW statement_timeout')
    },
    remedySeen: '0',
  },
  {
    rule: 'transaction/unpinned',
    async harm(stage) {
      const pool = stage.pool(2)
      await pool.query('BEGIN')
      // Another request of the application, which knows of no transaction.
      await pool.query(insert)
      await pool.query('ROLLBACK')
      return answer(await stage.pooled(), count)
    },
    harmSeen: 0,
    async remedy(stage) {
      const pool = stage.pool(2)
      const client = await pool.connect()
      await client.query('BEGIN')
      await pool.query(insert)
      await client.query('ROLLBACK')
      client.release()
      return answer(await stage.pooled(), count)
    },
    remedySeen: 1,
  },
  {
    rule: 'transaction/left-open',
    async harm(stage) {
      const pool = stage.pool(2)
      const client = await pool.connect()
      await client.query('BEGIN')
      client.release()
      await pool.query(insert)
      return answer(await stage.pooled(), count)
    },
    harmSeen: 0,
    async remedy(stage) {
      const pool = stage.pool(2)
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('COMMIT')
      client.release()
      await pool.query(insert)
      return answer(await stage.pooled(), count)
    },
    remedySeen: 1,
  },
]
