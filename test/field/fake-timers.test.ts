import { createGuard } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())
afterEach(() => {
  vi.useRealTimers()
})

const faked = [
  ['the timers alone', ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']],
  [
    'the timers and the clocks',
    ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'performance'],
  ],
] as const

describe.each(faked)('a test that replaces %s', (_name, toFake) => {
  it('does not stop the limits of a pool, while it runs or after it', async () => {
    const logged: string[] = []
    const guard = createGuard({ logger: { warn: (message) => void logged.push(message) } })
    const options = { acquireTimeoutMillis: 500, leakDetectionMillis: 60_000 }
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, options)
    await pool.query('SELECT 1')

    vi.useFakeTimers({ toFake: [...toFake] })
    const client = await pool.connect()
    await expect(pool.query('SELECT 2')).rejects.toThrow(/^waited \d+ ms/)
    const waiting = pool.query('SELECT 3 AS three')
    // A day passes for the application, and not for the server.
    vi.advanceTimersByTime(86_400_000)
    client.release()
    await expect(waiting).resolves.toMatchObject({ rows: [{ three: 3 }] })
    const held = await pool.connect()
    vi.useRealTimers()

    await expect(pool.query('SELECT 4')).rejects.toThrow(/^waited \d+ ms/)
    held.release()
    await expect(pool.query('SELECT 5 AS five')).resolves.toMatchObject({ rows: [{ five: 5 }] })
    expect(poolStatistics(pool)).toMatchObject({ leaks: 0, timedOut: 2, active: 0, waiting: 0 })
    expect(logged.filter((message) => /slow|longer than/.test(message))).toEqual([])
    await pool.end()
  })
})
