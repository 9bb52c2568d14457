import { UnsafeStatementError } from '@poolsafe/core'
import { guardClient } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { set, strict, withPool } from './with-pool.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

describe('pool.query', () => {
  it('refuses before a connection is taken', async () => {
    await withPool(server, strict, async (pool) => {
      await expect(pool.query(set)).rejects.toBeInstanceOf(UnsafeStatementError)
      expect(pool.totalCount).toBe(0)
    })
  })

  it('hands the error to a callback, after the call has returned', async () => {
    await withPool(server, strict, async (pool) => {
      const order: string[] = []
      const error = await new Promise((resolve) => {
        pool.query(set, (refused: Error) => {
          order.push('callback')
          resolve(refused)
        })
        order.push('returned')
      })
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect(order).toEqual(['returned', 'callback'])
    })
  })

  it('finds BEGIN, and lets a whole transaction in one text pass', async () => {
    await withPool(server, strict, async (pool) => {
      await expect(pool.query('BEGIN')).rejects.toMatchObject({ rule: 'transaction/unpinned' })
      await pool.query('BEGIN; SELECT 1; COMMIT')
    })
  })

  it("gives pg's own answers to what is no statement", async () => {
    const calls: [string, (pool: pg.Pool) => Promise<unknown>][] = [
      ['undefined', (pool) => pool.query(undefined as unknown as string)],
      ['a config without text', (pool) => pool.query({} as pg.QueryConfig)],
      ['a function', (pool) => pool.query((() => {}) as unknown as string)],
    ]
    for (const [name, call] of calls) {
      const guarded = await withPool(server, strict, call).catch(String)
      expect(guarded, name).toEqual(await withPool(server, undefined, call).catch(String))
    }
  })

  it('judges a statement once, not again on the connection that it borrows', async () => {
    const warnings: string[] = []
    const logger = { warn: (message: string) => void warnings.push(message) }
    await withPool(server, { logger }, async (pool) => {
      await pool.query(set)
      await pool.query("SET app.other = '8'")
    })
    expect(warnings.map((message) => message.split('\n')[0])).toEqual([
      '[poolsafe] SET app.org_id stays on a server connection that other clients use next (session/set)',
      '[poolsafe] SET app.other stays on a server connection that other clients use next (session/set)',
    ])
  })
})

describe('a query object without text', () => {
  it('cannot be judged, which strict mode refuses', async () => {
    const query = { submit: () => undefined, handleError: () => {} }
    const error = await new Promise((resolve) => {
      guardClient(new pg.Client(), strict).query(Object.assign(query, { handleError: resolve }))
    })
    expect(error).toMatchObject({ rule: 'statement/undecided', outcome: 'unknown' })
  })
})

describe('named statements', () => {
  it.each([
    ['pool', (pool: pg.Pool) => pool.query({ name: 'one', text: 'SELECT 1' })],
    [
      'client',
      async (pool: pg.Pool) => {
        const client = await pool.connect()
        return client.query({ name: 'one', text: 'SELECT 1' }).finally(() => client.release())
      },
    ],
  ])('are found on a %s', async (_name, send) => {
    await expect(withPool(server, strict, send)).rejects.toMatchObject({ rule: 'session/named-statement' })
  })
})
