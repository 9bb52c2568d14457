import { InvalidOptionError, type LockKey, type Settings } from '@poolsafe/core'
import { notify, withAdvisoryLock, withLease, withSession, withSettings } from '@poolsafe/pg'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let pool: pg.Pool
beforeAll(async () => {
  server = await sharedPostgres()
  pool = new pg.Pool({ connectionString: server.url, max: 1 })
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

const nothing = undefined as never
const work = async (): Promise<void> => {}

describe('withSettings', () => {
  it.each([
    ['a Map', new Map([['app.tenant', '7']])],
    ['a promise', Promise.resolve({ 'app.tenant': '7' })],
    ['a date', new Date()],
    ['an object that inherits its settings', Object.create({ 'app.tenant': '7' })],
    ['an object whose keys are symbols', { [Symbol('app.tenant')]: '7' }],
    ['an empty array', []],
  ])('does not run without settings for %s', async (_, settings) => {
    let hasRun = false
    const running = withSettings(pool, settings as unknown as Settings, async () => {
      hasRun = true
    })
    await expect(running).rejects.toThrow(InvalidOptionError)
    expect(hasRun).toBe(false)
  })

  it.each([{}, Object.create(null) as object])('takes an object without settings', async (settings) => {
    await expect(withSettings(pool, settings as Settings, async () => 7)).resolves.toBe(7)
  })

  it('reports a value of before that cannot be put back', async () => {
    const running = withSettings(pool, {}, async (client) => {
      await withSettings(client, { transaction_read_only: true }, async (inner) => {
        await inner.query('SELECT 1')
      })
    })
    await expect(running).rejects.toMatchObject({ code: '25001' })
  })
})

describe('arguments that are no function, no key or no database', () => {
  it.each([
    ['withSettings', () => withSettings(pool, {}, nothing)],
    ['withAdvisoryLock', () => withAdvisoryLock(pool, 1, nothing)],
    ['withLease', () => withLease(pool, 'key', nothing, { leaseMillis: 1000 })],
    ['withSession', () => withSession(pool, nothing)],
    ['a pair of bigints', () => withAdvisoryLock(pool, [1n, 2n] as unknown as LockKey, work)],
    ['a key with a zero byte', () => withAdvisoryLock(pool, 'a\0', work)],
    ['a lease with a zero byte', () => withLease(pool, 'a\0', work, { leaseMillis: 1000 })],
    ['a payload with a zero byte', () => notify(pool, 'a', '\0')],
    ['no database', () => notify(nothing, 'a')],
  ])('is refused before anything is sent: %s', async (_, call) => {
    await expect(call()).rejects.toThrow(InvalidOptionError)
  })
})

test('withSession closes a connection whose cursor stays open', async () => {
  const pidOf = async (client: Pick<pg.ClientBase, 'query'>): Promise<number | undefined> =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
  const pid = await withSession(pool, async (client) => {
    const own = await pidOf(client)
    await client.query(new Cursor('SELECT * FROM generate_series(1, 1000)')).read(1)
    return own
  })
  await expect(withSession(pool, pidOf)).resolves.not.toBe(pid)
})
