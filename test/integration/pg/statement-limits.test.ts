import { createGuard, InvalidOptionError, StatementTimeoutError, type FindingEvent, type Guard } from '@poolsafe/core'
import { guardClient, guardPool, poolStatistics, type PoolOptions } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

/** Longer than anything that is not meant to be cancelled takes. */
const statementTimeoutMillis = 1000
/** How long a slow reader pauses: longer than a statement may run. */
const slowMillis = 1000
const forEver = 'SELECT pg_sleep(3600)'
const setting = "SELECT current_setting('statement_timeout') AS timeout"

let server: PostgresServer
let pooler: PgBouncerServer
beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 2 })
})
afterAll(async () => {
  await pooler.stop()
  await server.stop()
})

const ways = [
  ['directly', () => server.url],
  ['through a pooler', () => pooler.url],
] as const

function quiet(): Guard {
  return createGuard({ logger: { warn: () => {} } })
}

async function withPool<Result>(
  url: string,
  work: (pool: pg.Pool) => Promise<Result>,
  options?: PoolOptions,
): Promise<Result> {
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), quiet(), {
    statementTimeoutMillis,
    ...options,
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

async function withClient<Result>(
  url: string,
  work: (client: pg.PoolClient) => Promise<Result>,
  options?: PoolOptions,
): Promise<Result> {
  return withPool(
    url,
    async (pool) => {
      const client = await pool.connect()
      try {
        return await work(client)
      } finally {
        client.release()
      }
    },
    options,
  )
}

async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    (result) => expect.fail(`it was answered: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  )
}

async function timeoutIn(client: { query(sql: string): Promise<pg.QueryResult> }): Promise<string> {
  const { rows } = await client.query(setting)
  return (rows[0] as { timeout: string }).timeout
}

describe.each(ways)('statementTimeoutMillis, %s', (_name, url) => {
  it('cancels a statement outside a transaction, in every form of the call, and the client goes on', async () => {
    await withClient(url(), async (client) => {
      const errors = [
        await failureOf(client.query(forEver)),
        await failureOf(client.query('SELECT pg_sleep($1)', [3600])),
        await failureOf(client.query({ text: forEver, rowMode: 'array' })),
        await new Promise((resolve) => {
          client.query(forEver, resolve)
        }),
        await failureOf(client.query(new Cursor(forEver)).read(1)),
        await new Promise((resolve) => client.query(new pg.Query(forEver)).on('error', resolve)),
      ]
      for (const error of errors) {
        expect(error).toBeInstanceOf(StatementTimeoutError)
        expect(error).toMatchObject({
          limitMillis: statementTimeoutMillis,
          wasCancelled: true,
          cause: { code: '57014' },
        })
        expect(error).not.toHaveProperty('code')
        expect(String(error)).not.toContain('3600')
      }
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  })

  it('leaves a cursor to its reader, however slow that is', async () => {
    await withClient(
      url(),
      async (client) => {
        const cursor = client.query(new Cursor('SELECT generate_series(1, 3) AS n'))
        await sleep(slowMillis)
        expect(await cursor.read(2)).toEqual([{ n: 1 }, { n: 2 }])
        await sleep(slowMillis)
        expect(await cursor.read(2)).toEqual([{ n: 3 }])
        await cursor.close()
        expect(await failureOf(client.query(new Cursor(forEver)).read(1))).toBeInstanceOf(StatementTimeoutError)
      },
      { statementTimeoutMillis: slowMillis / 2 },
    )
  })

  it('cancels what pool.query sends', async () => {
    await withPool(url(), async (pool) => {
      expect(await failureOf(pool.query(forEver))).toBeInstanceOf(StatementTimeoutError)
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  })

  it('is set inside a transaction, for that alone, once', async () => {
    await withClient(url(), async (client) => {
      const before = server.log().length
      expect(await timeoutIn(client)).toBe('0')
      const begun = await client.query('BEGIN')
      expect(begun).toMatchObject({ command: 'BEGIN', rows: [], rowCount: null })
      await client.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
      expect(await timeoutIn(client)).toBe('1s')
      await client.query('SAVEPOINT a')
      await client.query('ROLLBACK TO a')
      expect(await timeoutIn(client)).toBe('1s')
      expect(await client.query('COMMIT')).toMatchObject({ command: 'COMMIT' })
      expect(await timeoutIn(client)).toBe('0')
      expect(
        server
          .log()
          .slice(before)
          .match(/SET LOCAL statement_timeout/g),
      ).toHaveLength(1)
    })
  })

  it('comes before anything that is queued behind the BEGIN, and is set anew in a chained transaction', async () => {
    await withClient(url(), async (client) => {
      const answers = await Promise.all([
        client.query('BEGIN'),
        client.query(setting),
        client.query('COMMIT AND CHAIN'),
        client.query(setting),
      ])
      await client.query('ROLLBACK')
      expect(answers.map(({ command }) => command)).toEqual(['BEGIN', 'SELECT', 'COMMIT', 'SELECT'])
      expect([answers[1].rows, answers[3].rows]).toEqual([[{ timeout: '1s' }], [{ timeout: '1s' }]])
    })
  })

  it('ends a statement inside a transaction, which can be rolled back', async () => {
    await withClient(url(), async (client) => {
      await client.query('BEGIN')
      const error = await failureOf(client.query(forEver))
      expect(error).toBeInstanceOf(StatementTimeoutError)
      expect(error).toMatchObject({ wasCancelled: true, statement: 'SELECT pg_sleep(?)', cause: { code: '57014' } })
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
      await client.query('ROLLBACK')
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })
  })

  it('leaves a transaction that sets its own limit to that, and to the error of the driver', async () => {
    await withClient(url(), async (client) => {
      await client.query('BEGIN')
      await client.query("SET LOCAL statement_timeout = '1200ms'")
      expect(await timeoutIn(client)).toBe('1200ms')
      await expect(client.query(forEver)).rejects.toMatchObject({ code: '57014' })
      await client.query('ROLLBACK')
      await client.query("BEGIN; SET LOCAL statement_timeout = '2s'")
      expect(await timeoutIn(client)).toBe('2s')
      await client.query('ROLLBACK')
    })
  })

  it('leaves an error that is not its own as it is', async () => {
    await withClient(url(), async (client) => {
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await client.query('BEGIN')
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await client.query('ROLLBACK')
    })
  })

  it('never cancels the statement that comes next', async () => {
    // Statements that end about when the request arrives: whichever comes first, the next one is left alone.
    const near = `SELECT pg_sleep(${statementTimeoutMillis / 2000})`
    await withPool(
      url(),
      async (pool) => {
        for (let round = 0; round < 10; round++) {
          const client = await pool.connect()
          try {
            const first = client.query(near).catch((error: unknown) => error)
            // Longer than a stray request takes.
            const next = ['BEGIN', "SET LOCAL statement_timeout = '1h'", 'SELECT pg_sleep(0.02)', 'COMMIT']
            const answers = Promise.all(next.map((sql) => client.query(sql)))
            const ended = await first
            expect(ended instanceof StatementTimeoutError || (ended as pg.QueryResult).command === 'SELECT').toBe(true)
            expect((await answers).at(-1)?.command).toBe('COMMIT')
          } finally {
            client.release()
          }
        }
      },
      { statementTimeoutMillis: statementTimeoutMillis / 2 },
    )
  })

  it('counts how long each BEGIN waited for its answer', async () => {
    await withPool(url(), async (pool) => {
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('COMMIT')
      client.release()
      await pool.query('SELECT 1')
      expect(poolStatistics(pool)?.poolerWait.counts.reduce((sum, count) => sum + count)).toBe(1)
    })
  })
})

it('is not reported: no finding, no row, no event', async () => {
  const findings: FindingEvent[] = []
  const guard = createGuard({ mode: 'strict' })
  guard.on('finding', (event) => void findings.push(event))
  const client = guardClient(new pg.Client(pooler.url), guard, { statementTimeoutMillis })
  client.on('error', () => {})
  const messages: string[] = []
  await client.connect()
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  connection.on('message', ({ name }: { name: string }) => void messages.push(name))
  await client.query('BEGIN')
  await client.query('SELECT 1')
  await client.query('COMMIT')
  await client.end()
  const complete = ['commandComplete', 'readyForQuery']
  expect(messages).toEqual([...complete, 'rowDescription', 'dataRow', ...complete, ...complete])
  expect(findings).toEqual([])
})

it('works with the oldest pg alike', async () => {
  const client = guardClient(new pgOldest.Client(pooler.url), quiet(), { statementTimeoutMillis })
  client.on('error', () => {})
  await client.connect()
  expect(await failureOf(client.query(forEver))).toMatchObject({ wasCancelled: true })
  const answers = await Promise.all([client.query('BEGIN'), client.query(setting), client.query('COMMIT')])
  expect(answers[1].rows).toEqual([{ timeout: '1s' }])
  expect(await timeoutIn(client)).toBe('0')
  await client.end()
})

it('closes the connection where the request cannot be brought', async () => {
  const client = guardClient(new pg.Client(server.url), quiet(), { statementTimeoutMillis })
  await client.connect()
  Object.assign(client, { processID: null })
  const error = await failureOf(client.query(forEver))
  expect(error).toBeInstanceOf(StatementTimeoutError)
  expect(error).toMatchObject({ wasCancelled: false })
  await client.end()
})

it.each([0, -1, 1.5, Number.NaN, '5s', 2 ** 31])('refuses a limit of %s', (limit) => {
  const options = { statementTimeoutMillis: limit as number }
  expect(() => guardPool(new pg.Pool(), quiet(), options)).toThrow(InvalidOptionError)
  expect(() => guardClient(new pg.Client(), quiet(), options)).toThrow(InvalidOptionError)
})

it('refuses pipeline mode, where it could cancel another statement', () => {
  const pipelined = { pipeline: true } as pg.PoolConfig
  expect(() => guardPool(new pg.Pool(pipelined), quiet(), { statementTimeoutMillis })).toThrow(/pipeline/)
  expect(() => guardClient(new pg.Client(pipelined), quiet(), { statementTimeoutMillis })).toThrow(/pipeline/)
})
