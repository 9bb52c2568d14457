import { poolStatistics } from '@poolsafe/pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import Cursor from 'pg-cursor'
import { BehindPooler, onClient, pidOf, type Client, type MovingPool } from './behind-pooler.ts'

let behind: BehindPooler
beforeAll(async () => void (behind = await BehindPooler.start()))
afterEach(() => behind.endPools())
afterAll(() => behind.stop())

async function moveAndRelease(moving: MovingPool, work: (client: Client) => Promise<unknown>): Promise<number | null> {
  const pid = await onClient(moving.pool, async (client) => {
    await client.query('LISTEN a')
    await work(client)
    return client.processID
  })
  await vi.waitFor(() => expect(poolStatistics(moving.direct)).toMatchObject({ active: 0 }), { timeout: 60_000 })
  return pid
}

describe('the direct connection of a released checkout', () => {
  it.each(['SELECT setseed(0.5)', "LOAD 'plpgsql'"])('is closed after %s, which DISCARD ALL leaves', async (sql) => {
    const moving = behind.open()
    const pid = await moveAndRelease(moving, (client) => client.query(sql))
    expect(await pidOf(moving.direct)).not.toBe(pid)
  })

  it('is rolled back and kept, with a report, if a transaction was open', async () => {
    const moving = behind.open()
    const pid = await moveAndRelease(moving, (client) => client.query('BEGIN; CREATE TABLE never (a int)'))
    expect(await pidOf(moving.direct)).toBe(pid)
    expect((await moving.direct.query("SELECT to_regclass('never') AS is")).rows).toEqual([{ is: null }])
    expect(moving.logged).toContainEqual(expect.stringContaining('transaction/left-open'))
  })

  it('is closed, and release() throws, in strict mode', async () => {
    const moving = behind.open({}, { mode: 'strict' })
    const client = (await moving.pool.connect()) as Client
    await client.query('LISTEN a')
    const { processID } = client
    await client.query('BEGIN')
    expect(() => client.release()).toThrow('transaction')
    expect(await pidOf(moving.direct)).not.toBe(processID)
  })

  it('is closed by release(true)', async () => {
    const moving = behind.open()
    const client = (await moving.pool.connect()) as Client
    await client.query('LISTEN a')
    const { processID } = client
    client.release(true)
    expect(await pidOf(moving.direct)).not.toBe(processID)
  })

  it('finishes statements that were not awaited', async () => {
    const moving = behind.open()
    let late: Promise<unknown> | undefined
    const pid = await moveAndRelease(moving, (client) => {
      late = client.query("SELECT pg_sleep(0.1), set_config('work_mem', '7MB', false)")
      return Promise.resolve()
    })
    await late
    expect(await pidOf(moving.direct)).toBe(pid)
    expect((await moving.direct.query('SHOW work_mem')).rows).not.toEqual([{ work_mem: '7MB' }])
  })

  it('is closed if a cursor stays open', async () => {
    const moving = behind.open()
    const pid = await moveAndRelease(moving, (client) =>
      client.query(new Cursor('SELECT generate_series(1, 10)')).read(1),
    )
    expect(await pidOf(moving.direct)).not.toBe(pid)
  })
})

describe('a client object after its release', () => {
  it('sends nothing any more, whoever holds the connections', async () => {
    const moving = behind.open()
    const client = (await moving.pool.connect()) as Client
    await client.query('LISTEN a')
    client.release()
    await expect(client.query('SELECT 1')).rejects.toThrow('Client was closed')
    expect(() => client.release()).toThrow('already been released')
    expect(moving.logged.some((line) => line.includes('connection/used-after-release'))).toBe(true)
    expect(client.processID).toBeNull()
  })

  it('hears nothing of the next holder', async () => {
    const moving = behind.open()
    const client = (await moving.pool.connect()) as Client
    const heard: unknown[] = []
    client.on('notice', (notice) => void heard.push(notice))
    await client.query('LISTEN a')
    client.release()
    await moving.direct.query("DO $$ BEGIN RAISE NOTICE 'b'; END $$")
    expect(heard).toEqual([])
  })
})

it('the end of the pool waits for a moved checkout', async () => {
  const moving = behind.open()
  const client = (await moving.pool.connect()) as Client
  await client.query('LISTEN a')
  let hasEnded = false
  const ended = moving.pool.end().then(() => (hasEnded = true))
  expect(await pidOf(client)).toBe(client.processID)
  expect(hasEnded).toBe(false)
  client.release()
  await ended
})

describe('a direct connection that is lost', () => {
  it('fails its statement, and the pools go on', async () => {
    const moving = behind.open({ directMax: 2 })
    await onClient(moving.pool, async (client) => {
      await client.query('LISTEN a')
      const sleeping = client.query('SELECT pg_sleep(60)')
      const failed = expect(sleeping).rejects.toThrow('terminat')
      await vi.waitFor(async () => {
        const { rows } = await moving.direct.query(
          `SELECT pg_terminate_backend(${client.processID}) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
          [client.processID],
        )
        expect(rows.length).toBe(1)
      })
      await failed
      await expect(client.query('SELECT 1')).rejects.toThrow()
    })
    await onClient(moving.pool, async (client) => {
      await client.query('LISTEN a')
      expect(await pidOf(client)).toBe(client.processID)
    })
  })
})
