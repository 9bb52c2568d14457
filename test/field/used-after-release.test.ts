import { createGuard, UnsafeStatementError, type FindingEvent, type GuardOptions } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { AsyncResource } from 'node:async_hooks'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Opened {
  readonly pool: pg.Pool
  readonly found: FindingEvent[]
  readonly warnings: string[]
}

async function use(options: GuardOptions, work: (opened: Opened) => Promise<void>, callSites?: boolean): Promise<void> {
  const found: FindingEvent[] = []
  const warnings: string[] = []
  const guard = createGuard({ logger: { warn: (message: string) => void warnings.push(message) }, ...options })
  guard.on('finding', (event) => void found.push(event))
  const pool = guardPool(
    new pg.Pool({ connectionString: server.url, max: 1 }),
    guard,
    callSites === undefined ? {} : { callSites },
  )
  try {
    await work({ pool, found, warnings })
  } finally {
    await pool.end()
  }
}

/** A moment that others wait for. */
function moment(): { readonly has: Promise<void>; readonly come: () => void } {
  let come = (): void => {}
  const has = new Promise<void>((resolve) => (come = resolve))
  return { has, come }
}

/** Runs work in a separate asynchronous context, as a server runs each request. */
function inRequest<Result>(work: () => Result): Result {
  return new AsyncResource('request').runInAsyncScope(work)
}

const rule = 'connection/used-after-release'
const ruleOf = ({ findings: [first] }: FindingEvent): string => first.rule

describe('a statement on a client that was released', () => {
  it('is refused in strict mode, with the call site of the release', async () => {
    await use({ mode: 'strict' }, async ({ pool }) => {
      const client = await pool.connect()
      client.release()
      const error = await client.query('DELETE FROM orders').then(undefined, (failure: unknown) => failure)
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect(error).toMatchObject({ rule, statement: 'DELETE FROM orders', wasSent: false })
      expect((error as Error).message).toMatch(
        /on a client that was released \d+ ms ago by .*used-after-release\.test\.ts:\d+:\d+/,
      )
      await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    })
  })

  it('is a warning in the default mode, which has the call site from the second time on, and always with callSites', async () => {
    await use({}, async ({ pool, found, warnings }) => {
      for (const text of ['SELECT 1', 'SELECT 2']) {
        const client = await pool.connect()
        client.release()
        await expect(client.query(text)).resolves.toMatchObject({ rowCount: 1 })
      }
      expect(found.map(ruleOf)).toEqual([rule, rule])
      expect(warnings[0]).toContain('a call whose call site was not remembered')
      expect(warnings[1]).toMatch(/ago by .*used-after-release\.test\.ts/)
    })
    await use(
      {},
      async ({ pool, warnings }) => {
        const client = await pool.connect()
        client.release()
        await client.query('SELECT 1')
        expect(warnings[0]).toMatch(/ago by .*used-after-release\.test\.ts/)
      },
      true,
    )
  })

  it('is refused inside the transaction of a stranger', async () => {
    await use({ mode: 'strict' }, async ({ pool, found }) => {
      const [released, taken, tried] = [moment(), moment(), moment()]
      const stale = async (): Promise<unknown> => {
        const client = await pool.connect()
        await client.query('SELECT 1')
        client.release()
        released.come()
        await taken.has
        return client.query('SELECT 2').then(undefined, (error: unknown) => error)
      }
      const stranger = async (): Promise<void> => {
        const client = await pool.connect()
        await client.query('BEGIN')
        taken.come()
        await tried.has
        await client.query('COMMIT')
        client.release()
      }
      const first = inRequest(stale)
      await released.has
      const second = inRequest(stranger)
      expect(await first).toMatchObject({ rule })
      tried.come()
      await second
      expect(found.map(ruleOf)).toEqual([rule])
    })
  })

  it('is found when the work of a handler was not awaited', async () => {
    await use({ mode: 'strict' }, async ({ pool }) => {
      const later: Promise<unknown>[] = []
      const client = await pool.connect()
      const work = async (): Promise<void> => {
        await client.query('SELECT 1')
        await client.query('SELECT 2')
        await client.query('SELECT 4')
      }
      later.push(work().then(undefined, (error: unknown) => error))
      await client.query('SELECT 3')
      client.release()
      await expect(later[0]).resolves.toMatchObject({ rule })
    })
  })

  it('is allowed with a reason', async () => {
    await use({ mode: 'strict', exceptions: [{ rule, reason: 'a test' }] }, async ({ pool }) => {
      const client = await pool.connect()
      client.release()
      await expect(client.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    })
  })
})

describe('a second release of a client that another caller holds by then', () => {
  /** The first holder releases twice; the second release comes while another request holds the connection. */
  async function releaseTwice({ pool }: Opened, [begin, end]: readonly [string, string]): Promise<unknown> {
    const [released, taken] = [moment(), moment()]
    const first = inRequest(async () => {
      const client = await pool.connect()
      await client.query('SELECT 1')
      client.release()
      released.come()
      await taken.has
      try {
        client.release()
        return undefined
      } catch (error) {
        return error
      }
    })
    await released.has
    return inRequest(async () => {
      const client = await pool.connect()
      await client.query(begin)
      taken.come()
      const error = await first
      if (error === undefined) return undefined
      await client.query(end)
      client.release()
      return error
    })
  }

  it('is refused in strict mode, and the connection stays with its holder', async () => {
    await use({ mode: 'strict' }, async (opened) => {
      const error = await releaseTwice(opened, ['BEGIN', 'COMMIT'])
      expect(error).toBeInstanceOf(UnsafeStatementError)
      expect(error).toMatchObject({ rule })
      expect((error as Error).message).toMatch(
        /^a second release\(\) of a client that was released \d+ ms ago by .*used-after-release\.test\.ts:\d+:\d+ takes the connection from/,
      )
      expect(opened.found.map(ruleOf)).toEqual([rule])
      await expect(opened.pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    })
  })

  it('is allowed with a reason, and the pool takes the connection from its holder', async () => {
    await use({ mode: 'strict', exceptions: [{ rule, reason: 'a test' }] }, async (opened) => {
      expect(await releaseTwice(opened, ['SELECT 1', 'SELECT 2'])).toBeUndefined()
    })
  })
})

describe('nothing is found', () => {
  it('for calls that take the same connection one after the other, each in its own way', async () => {
    await use({ mode: 'strict' }, async ({ pool, found }) => {
      const take = async (): Promise<pg.PoolClient> => {
        await Promise.resolve()
        return pool.connect()
      }
      for (let round = 0; round < 3; round++) {
        const client = await take()
        await client.query('SELECT 1')
        client.release()
        const own = await pool.connect()
        await own.query('SELECT 1')
        own.release()
        await pool.query('SELECT 1')
        await new Promise<void>((resolve, reject) => {
          pool.connect((error, callbackClient, release) => {
            if (error !== undefined) return reject(error)
            callbackClient?.query('SELECT 1', () => {
              callbackClient.query('SELECT 2', () => {
                release()
                resolve()
              })
            })
          })
        })
      }
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = await take()
          await client.query('BEGIN')
          await client.query('SELECT 1')
          await client.query('COMMIT')
          client.release()
        }),
      )
      expect(found).toEqual([])
    })
  })

  it('for Kysely, its transactions and connections', async () => {
    await use({ mode: 'strict' }, async ({ pool, found }) => {
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          await db.transaction().execute((trx) => sql`SELECT 1`.execute(trx))
          await db.connection().execute((connection) => sql`SELECT 2`.execute(connection))
          await sql`SELECT 3`.execute(db)
        }),
      )
      expect(found).toEqual([])
    })
  })

  it('for what listeners of connect and release send, and for a client that was closed', async () => {
    await use({ mode: 'strict' }, async ({ pool, found }) => {
      pool.on('connect', (client) => void client.query('SELECT 1').then(() => client.query('SELECT 2')))
      pool.on('release', (_error, client) => void client.query('SELECT 3').catch(() => {}))
      await pool.query('SELECT 4')
      const client = await pool.connect()
      await client.query('SELECT 5')
      client.release(true)
      await expect(client.query('SELECT 6')).rejects.toThrow('not queryable')
      expect(found).toEqual([])
    })
  })
})
