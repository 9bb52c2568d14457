import pg from 'pg'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { describe, expect, test } from 'vitest'
import { codeOf, pidOf, usePoolers } from './use-poolers.ts'

const { postgres, start, connect } = usePoolers()

/** Asks the server, round the pooler. */
async function direct<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client(postgres().url)
  await client.connect()
  const { rows } = await client.query<Row>(sql)
  await client.end()
  return rows
}

/** Sessions of the pooler on the server. */
async function sessionsOf(): Promise<number> {
  const others =
    "SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
  return (await direct<{ count: number }>(others))[0]?.count ?? -1
}

describe('sessions', () => {
  test('differ from one transaction to the next, in an order that the seed decides', async () => {
    const orders: string[] = []
    for (const seed of [1, 1, 2]) {
      const client = await connect((await start({ seed, sessions: 5 })).url)
      const pids: number[] = []
      for (let count = 0; count < 20; count++) pids.push(await pidOf(client))
      expect(pids.slice(1).filter((pid, at) => pid === pids[at])).toEqual([])
      expect(new Set(pids).size).toBe(5)
      orders.push(pids.map((pid) => pids.indexOf(pid)).join())
    }
    expect(orders[1]).toBe(orders[0])
    expect(orders[2]).not.toBe(orders[0])
  })

  test('stay with their client for one transaction', async () => {
    const client = await connect((await start()).url)
    await client.query('BEGIN')
    const inside = [await pidOf(client), await pidOf(client)]
    await client.query('COMMIT')
    expect(inside[0]).toBe(inside[1])
    expect(await pidOf(client)).not.toBe(inside[0])
  })

  test('are more while clients hold them in transactions', async () => {
    const pooler = await start({ sessions: 2, maxSessions: 4 })
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(pooler.url)))
    for (const client of clients) await client.query('BEGIN')
    expect(new Set(await Promise.all(clients.map(pidOf))).size).toBe(4)
    const waiting = pidOf(await connect(pooler.url))
    await clients[0]?.query('COMMIT')
    expect(await waiting).toBeGreaterThan(0)
  })

  test('belong to a user and a database', async () => {
    const pooler = await start({ passwords: { guest: 'p:ss/w@rd' } })
    const admin = await connect(pooler.url)
    await admin.query("CREATE ROLE guest LOGIN PASSWORD 'p:ss/w@rd'")
    await admin.query('CREATE DATABASE elsewhere')
    const guest = await connect(pooler.urlFor('guest', 'elsewhere'))
    const { rows } = await guest.query('SELECT session_user AS user, current_database() AS database')
    expect(rows).toEqual([{ user: 'guest', database: 'elsewhere' }])
  })

  test('are as clean for the next transaction as new ones', async () => {
    const pooler = await start({ sessions: 2 })
    const client = await connect(pooler.url)
    await client.query('CREATE SEQUENCE drawn')
    for (const sql of [
      "SET app.tenant = '7'",
      'SELECT pg_advisory_lock(1)',
      'SET ROLE pg_monitor',
      "SELECT nextval('drawn')",
    ]) {
      await client.query(sql)
    }
    await client.query('SELECT setseed(0.5)')
    for (let session = 0; session < 2; session++) {
      const { rows } = await client.query(
        "SELECT coalesce(current_setting('app.tenant', true), '') AS tenant, current_user AS user, (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks",
      )
      expect(rows).toEqual([{ tenant: '', user: 'postgres', locks: 0 }])
      expect(await codeOf(client.query('SELECT lastval()'))).toBe('55000')
    }
    await client.query('DROP SEQUENCE drawn')
  })

  test('stay poisoned where that is asked for', async () => {
    const pooler = await start({ sessions: 2, maxSessions: 2, afterTransaction: 'poison' })
    const [owner, stranger] = [await connect(pooler.url), await connect(pooler.url)]
    await owner.query("SET app.tenant = '7'")
    const seen: unknown[] = []
    for (let count = 0; count < 2; count++)
      seen.push((await stranger.query("SELECT current_setting('app.tenant', true) AS tenant")).rows[0])
    expect(seen).toContainEqual({ tenant: '7' })
    expect((await pooler.reports()).map(({ states }) => states.length)).toEqual([1])
  })

  test('that the server ends close only their own client, with the server’s own message', async () => {
    const pooler = await start({ sessions: 2 })
    const [victim, other] = [await connect(pooler.url), await connect(pooler.url)]
    const errors: unknown[] = []
    victim.on('error', (error) => errors.push(error))
    expect(await codeOf(victim.query('SELECT pg_terminate_backend(pg_backend_pid())'))).toBe('57P01')
    for (let count = 0; count < 4; count++) expect(await pidOf(other)).toBeGreaterThan(0)
    // The pooler replaces sessions that end while they are idle, as soon as it notices.
    await direct(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    const newcomer = async (): Promise<unknown> => codeOf(pidOf(await connect(pooler.url)))
    await expect.poll(newcomer, { timeout: 60_000 }).toBeUndefined()
  })

  test('end with the client that leaves a transaction open', async () => {
    const pooler = await start()
    const client = await connect(pooler.url)
    await client.query('CREATE TABLE half (id int)')
    await client.query('BEGIN')
    await client.query('INSERT INTO half VALUES (1)')
    await client.end()
    const other = await connect(pooler.url)
    expect((await other.query('SELECT * FROM half')).rows).toEqual([])
    await other.query('DROP TABLE half')
  })
})

describe('stop', () => {
  test('sends the clients away and leaves no session behind', async () => {
    const pooler = await startHostilePooler({ target: postgres() })
    const [idle, busy, open] = await Promise.all([connect(pooler.url), connect(pooler.url), connect(pooler.url)])
    const errors: unknown[] = []
    idle.on('error', (error: Error & { code?: string }) => errors.push(error.code))
    await open.query('BEGIN')
    const running = codeOf(busy.query('SELECT pg_sleep(60)'))
    // A later query has been answered, so the pooler has received this one.
    await pidOf(open)
    await pooler.stop()
    expect(await running).toBe('57P01')
    expect(errors).toContain('57P01')
    await expect.poll(sessionsOf, { timeout: 60_000 }).toBe(0)
    await expect(connect(pooler.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('sends nothing to the clients of a pool that has ended', async () => {
    for (let round = 0; round < 10; round++) {
      const pooler = await startHostilePooler({ target: postgres(), inspect: false })
      const pool = new pg.Pool({ connectionString: pooler.url })
      const errors: Error[] = []
      // pg's pool stops listening to its clients as it ends; their errors would be uncaught.
      pool.on('connect', (client) => client.on('error', (error) => errors.push(error)))
      await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT 1')))
      await pool.end()
      await pooler.stop()
      expect(errors).toEqual([])
    }
  })

  test('may be called twice, and before any client connects', async () => {
    const pooler = await startHostilePooler({ target: postgres() })
    await Promise.all([pooler.stop(), pooler.stop()])
  })
})
