import { engineOf } from '@poolsafe/core/adapter'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createGuard, type Guard, type QueryEvent } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
const pools: pg.Pool[] = []

beforeAll(async () => {
  server = await sharedPostgres()
})

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})

afterAll(() => server.stop())

function poolOf(guard: Guard): pg.Pool {
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 2 }), guard)
  pools.push(pool)
  return pool
}

/** Everything that is published on a channel while `fn` runs. */
async function heard(name: string, fn: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = []
  const listen = (message: unknown): void => void messages.push(message)
  subscribe(name, listen)
  await fn().finally(() => unsubscribe(name, listen))
  return messages
}

const silent = { logger: { warn: (): void => undefined } }

describe('node:diagnostics_channel', () => {
  it('publishes each statement of every guard of the process on poolsafe:query', async () => {
    const [one, other] = [poolOf(createGuard(silent)), poolOf(createGuard(silent))]
    const events = await heard('poolsafe:query', async () => {
      await one.query('SELECT 1 AS a')
      await other.query('SELECT 2 AS b')
    })
    expect(events).toMatchObject([{ statement: 'SELECT ? AS a' }, { statement: 'SELECT ? AS b' }])
  })

  it('publishes the same object as guard.on', async () => {
    const guard = createGuard(silent)
    const pool = poolOf(guard)
    const events: QueryEvent[] = []
    guard.on('query', (event) => void events.push(event))
    const published = await heard('poolsafe:query', () => pool.query('SELECT 1'))
    expect(published).toHaveLength(1)
    expect(published[0]).toBe(events[0])
  })

  it('publishes findings and connections', async () => {
    const pool = poolOf(createGuard(silent))
    const send = (): Promise<unknown> => pool.query("SET search_path = 'a'")
    expect(await heard('poolsafe:finding', send)).toMatchObject([{ findings: [{ rule: 'session/set' }] }])
    expect(await heard('poolsafe:acquire', send)).toMatchObject([{ waitedMillis: expect.any(Number) as number }])
  })

  it('has a channel for each event of a guard', async () => {
    const guard = createGuard(silent)
    expect(() => guard.on('qery' as 'query', () => undefined)).toThrow(
      /one of 'finding', 'allowed', 'repaired', 'moved', 'fault', 'query', 'slowQuery', 'repeatedQuery', 'acquire'/,
    )
    expect(engineOf(guard).hears('leak')).toBe(false)
    await heard('poolsafe:leak', () => Promise.resolve(expect(engineOf(guard).hears('leak')).toBe(true)))
    expect(engineOf(guard).hears('leak')).toBe(false)
  })
})

describe('a listener that throws', () => {
  it('breaks no query, and is reported once', async () => {
    const warnings: string[] = []
    const guard = createGuard({ logger: { warn: (message) => void warnings.push(message) } })
    guard.on('query', () => {
      throw new Error('the listener broke')
    })
    const faults: Error[] = []
    guard.on('fault', (fault) => void faults.push(fault))
    const pool = poolOf(guard)
    expect((await pool.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }])
    expect((await pool.query('SELECT 2 AS a')).rows).toEqual([{ a: 2 }])
    expect(faults).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('the listener broke')])
  })
})

describe('a listener whose promise rejects', () => {
  it.each(['query', 'acquire', 'fault'] as const)(
    'of the event %s ends no process, and is reported once',
    async (name) => {
      const warnings: string[] = []
      const guard = createGuard({ logger: { warn: (message) => void warnings.push(message) } })
      const faults: Error[] = []
      const reject = (): Promise<never> => Promise.reject(new Error('the listener broke'))
      guard.on('fault', (fault) => void faults.push(fault))
      guard.on(name, reject)
      if (name === 'fault') guard.on('query', reject)
      const pool = poolOf(guard)
      // An unhandled rejection fails the test run.
      for (const value of [1, 2])
        expect((await pool.query('SELECT $1::int AS a', [value])).rows).toEqual([{ a: value }])
      await vi.waitFor(() => expect(faults).toHaveLength(1))
      expect(warnings).toEqual([expect.stringContaining('the listener broke')])
    },
  )
})

describe('the wait for the pooler', () => {
  it('is measured of every BEGIN, in statistics and as an event', async () => {
    const guard = createGuard(silent)
    const pool = poolOf(guard)
    const begin = async (): Promise<void> => {
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('SELECT 1')
      await client.query('COMMIT')
      client.release()
    }
    expect(await heard('poolsafe:poolerWait', begin)).toMatchObject([
      { poolerWaitMillis: expect.any(Number) as number },
    ])
    expect(guard.stats().pools[0]?.poolerWait.counts.reduce((sum, count) => sum + count)).toBe(1)
  })

  it('is measured once where statements are limited as well', async () => {
    const guard = createGuard(silent)
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, {
      statementTimeoutMillis: 60_000,
    })
    pools.push(pool)
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('COMMIT')
    client.release()
    expect(guard.stats().pools[0]?.poolerWait.counts.reduce((sum, count) => sum + count)).toBe(1)
  })
})
