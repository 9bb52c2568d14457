import { createGuard, UnsafeStatementError, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardClient, guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Subject {
  readonly client: pg.Client
  /** The rules of all findings. */
  readonly found: string[]
}

async function use(
  work: (subject: Subject) => Promise<void>,
  { mode = 'strict', ...config }: Config = {},
): Promise<void> {
  const { guard, found } = guardOf(mode)
  const client = guardClient(new pg.Client({ connectionString: server.url, ...config }), guard)
  await client.connect()
  try {
    await work({ client, found })
  } finally {
    await client.end()
  }
}

interface Config {
  readonly mode?: 'strict' | 'warn'
  readonly pipeline?: boolean
}

function guardOf(mode: 'strict' | 'warn' = 'strict'): { readonly guard: Guard; readonly found: string[] } {
  const guard = createGuard({ mode, logger: { warn: () => {} }, rules: { 'session/named-statement': 'allow' } })
  const found: string[] = []
  guard.on('finding', ({ findings }) => found.push(...findings.map(({ rule }) => rule)))
  return { guard, found }
}

const leave = "SET app.tenant = 'a'"

/** Returns true if the session has the setting, asked past the guard. */
async function isDirty(client: pg.Client): Promise<boolean> {
  const ask = Object.getPrototypeOf(client) as { query(this: pg.Client, text: string): Promise<pg.QueryResult> }
  const { rows } = await ask.query.call(client, "SELECT current_setting('app.tenant', true) AS tenant")
  return Boolean((rows[0] as { tenant: string | null }).tenant)
}

const refused = (text: string): Promise<unknown> => expect.fail(`${text} was answered`)

/** Sends a text in a way that never reaches the server, or does nothing there. */
const unsent: readonly (readonly [string, (client: pg.Client, text: string) => Promise<unknown>])[] = [
  [
    'with values that are no array',
    async (client, text) => {
      await client.query({ text, values: 'none' as never }).then(
        () => refused(text),
        () => {},
      )
    },
  ],
  [
    'as a named statement whose text differs',
    async (client, text) => {
      await client.query({ name: 'taken', text: 'SELECT 1' })
      await client.query({ name: 'taken', text }).then(
        () => refused(text),
        () => {},
      )
    },
  ],
  [
    'with a value that cannot be sent',
    async (client, text) => {
      const value = {
        toPostgres: () => {
          throw new Error('no value')
        },
      }
      await client.query(text, [value]).then(
        () => refused(text),
        () => {},
      )
    },
  ],
  [
    'behind a statement, and given up in the queue',
    async (client, text) => {
      const slow = client.query('SELECT pg_sleep(0.3)')
      await client.query({ text, query_timeout: 50 } as pg.QueryConfig).then(
        () => refused(text),
        () => {},
      )
      await slow
    },
  ],
  [
    'as a cursor that nobody reads',
    async (client, text) => {
      const cursor = client.query(new Cursor(text))
      await client.query({ text: 'SELECT 1', query_timeout: 50 } as pg.QueryConfig).then(
        () => refused(text),
        () => {},
      )
      await cursor.close()
    },
  ],
]

describe.each(unsent)('a statement that is sent %s changes nothing', (_name, send) => {
  it('not as a ROLLBACK', async () => {
    await use(async ({ client }) => {
      await client.query('BEGIN')
      await client.query(leave)
      await send(client, 'ROLLBACK')
      await expect(client.query('COMMIT')).rejects.toBeInstanceOf(UnsafeStatementError)
      await client.query('ROLLBACK')
      await client.query('BEGIN')
      await client.query('COMMIT')
    })
  })

  it('not as a ROLLBACK TO', async () => {
    await use(async ({ client }) => {
      await client.query('BEGIN')
      await client.query('SAVEPOINT s')
      await client.query(leave)
      await send(client, 'ROLLBACK TO s')
      await expect(client.query('COMMIT')).rejects.toBeInstanceOf(UnsafeStatementError)
    })
  })

  it('not as a RESET', async () => {
    await use(async ({ client }) => {
      await client.query('BEGIN')
      await client.query(leave)
      await send(client, 'RESET app.tenant')
      await expect(client.query('COMMIT')).rejects.toBeInstanceOf(UnsafeStatementError)
    })
  })

  it('not as a COMMIT', async () => {
    await use(async ({ client, found }) => {
      await client.query('BEGIN')
      await send(client, 'COMMIT')
      await client.query(leave)
      expect(found).toEqual([])
      await expect(client.query('COMMIT')).rejects.toBeInstanceOf(UnsafeStatementError)
    })
  })

  it('not as a SAVEPOINT', async () => {
    await use(async ({ client }) => {
      await client.query('BEGIN')
      await client.query('SAVEPOINT s')
      await client.query(leave)
      await send(client, 'SAVEPOINT s')
      await client.query('ROLLBACK TO s')
      await client.query('COMMIT')
      expect(await isDirty(client)).toBe(false)
    })
  })
})

it('a statement queued behind a ROLLBACK that is never sent is reported when its answer comes', async () => {
  await use(async ({ client, found }) => {
    await client.query('BEGIN')
    await client.query(leave)
    const rolledBack = client.query({ text: 'ROLLBACK', values: 'none' as never }).catch((error: unknown) => error)
    const committed = client.query('COMMIT')
    await expect(committed).rejects.toMatchObject({ name: 'UnsafeStatementError', rule: 'session/set', wasSent: true })
    await rolledBack
    expect(await isDirty(client)).toBe(true)
    expect(found).toEqual(['session/set'])
  })
})

it('a cursor that is read to its end has run its statement', async () => {
  await use(async ({ client, found }) => {
    await client.query('BEGIN')
    await client.query(leave)
    const cursor = client.query(new Cursor('RESET app.tenant'))
    await cursor.read(1)
    await cursor.close()
    await client.query('COMMIT')
    expect(await isDirty(client)).toBe(false)
    expect(found).toEqual([])
  })
})

describe.each([
  ['one by one', {}],
  ['in pipeline mode', { pipeline: true }],
] as const)('the server’s answers decide, %s', (_name, config) => {
  it('a SAVEPOINT and a RELEASE in an aborted transaction change nothing', async () => {
    await use(async ({ client, found }) => {
      const texts = ['BEGIN', 'SAVEPOINT s', leave, 'SELECT 1/0', 'SAVEPOINT s', 'RELEASE s', 'ROLLBACK TO s']
      const answers = await Promise.allSettled(texts.map((text) => client.query(text)))
      expect(answers.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, false, false, false, true])
      await client.query('COMMIT')
      expect(await isDirty(client)).toBe(false)
      expect(found).toEqual([])
    }, config)
  })

  it('a BEGIN that the server refuses begins nothing', async () => {
    await use(
      async ({ client, found }) => {
        const begun = client.query('BEGIN', [1]).catch((error: unknown) => error)
        await Promise.all([client.query(leave), client.query('ROLLBACK')])
        expect(await begun).toMatchObject({ code: '08P01' })
        expect(await isDirty(client)).toBe(true)
        expect(found).toContain('session/set')
      },
      { ...config, mode: 'warn' },
    )
  })

  it('a text of which a part fails counts as far as it has run', async () => {
    await use(async ({ client }) => {
      await client.query('BEGIN')
      await client.query(leave)
      await client.query('ROLLBACK; SELECT 1/0').catch(() => {})
      await client.query('BEGIN')
      await client.query('COMMIT')
      expect(await isDirty(client)).toBe(false)
    }, config)
  })
})

it('a question of our own does not shift what answers are counted for', async () => {
  const { guard, found } = guardOf()
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  await pool.query('SELECT 1')
  for (let round = 0; round < 5; round++) {
    const health = guard.health()
    const client = await pool.connect()
    const texts = ['BEGIN', 'SAVEPOINT s', leave, 'SELECT 1/0', 'ROLLBACK TO s', 'COMMIT']
    const answers = await Promise.allSettled(texts.map((text) => client.query(text)))
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    client.release()
    await health
  }
  expect(found).toEqual([])
  await pool.end()
})

it('a ROLLBACK that Kysely cannot send does not hand on the transaction', async () => {
  const { guard, found } = guardOf('warn')
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  const trx = await db.startTransaction().execute()
  await sql.raw(leave).execute(trx)
  const [client] = (pool as unknown as { _clients: pg.Client[] })._clients
  const { query } = client ?? expect.fail()
  Object.assign(client ?? {}, { query: () => Promise.reject(new Error('Query values must be an array')) })
  await expect(trx.rollback().execute()).rejects.toThrow('must be an array')
  Object.assign(client ?? {}, { query })
  await db.destroy()
  expect(found).toEqual(['transaction/left-open'])
})
