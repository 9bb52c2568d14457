import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import pgOldest from 'pg-oldest'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoggingServer, toldOf, watchedGuard, type LoggingServer, type Told } from './layers-harness.ts'

let logging: LoggingServer
let pooler: PgBouncerServer
beforeAll(async () => {
  logging = await startLoggingServer()
  pooler = await startPgBouncer({ target: logging.server })
  const admin = new pg.Client(logging.server.url)
  await admin.connect()
  await admin.query('CREATE TABLE goods (id int PRIMARY KEY)')
  await admin.end()
})
afterAll(async () => {
  await pooler.stop()
  await logging.stop()
})

type Pg = typeof pg

/** A way to send statements, and what is told of it. */
interface Form {
  readonly send: (pool: pg.Pool, module: Pg) => Promise<unknown>
  readonly told: readonly Told[]
  /** How many of them reach the server. @default all */
  readonly reach?: number
  /** Only the newest pg has it. */
  readonly isNew?: true
  readonly config?: pg.PoolConfig & { readonly pipeline?: boolean }
  readonly options?: PoolOptions
  /** What a pooler makes of it is its own business. */
  readonly isDirect?: true
}

const numbers = 'SELECT n FROM generate_series(1, 5) AS n'
const shownNumbers = 'SELECT n FROM generate_series(?) AS n'
const one: Told = ['SELECT ? AS one', 1]
const sql = 'SELECT 1 AS one'

async function withClient<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

const swallow = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => undefined)
const unsendable = {
  toPostgres(): string {
    throw new Error('this value cannot be sent')
  },
}

const forms: Record<string, Form> = {
  'pool.query, promise': { send: (pool) => pool.query(sql), told: [one] },
  'pool.query, callback': { send: (pool) => new Promise((resolve) => pool.query(sql, resolve)), told: [one] },
  'pool.query, failing': { send: (pool) => swallow(pool.query('SELECT 1 / 0')), told: [['SELECT ? / ?', '22012']] },
  'pool.query, many at once': { send: (pool) => Promise.all([1, 2, 3].map(() => pool.query(sql))), told: [one, one, one] },
  'pool.query, of what cannot be sent': {
    send: async (pool) => {
      await swallow(pool.query('SELECT $1::text AS bad', [unsendable]))
      await pool.query(sql)
    },
    told: [['SELECT ?::text AS bad', 'failed'], one],
    reach: 1,
  },
  'client.query, text': { send: (pool) => withClient(pool, (client) => client.query(sql)), told: [one] },
  'client.query, values': {
    send: (pool) => withClient(pool, (client) => client.query('SELECT $1::int AS one', [1])),
    told: [['SELECT ?::int AS one', 1]],
  },
  'client.query, configuration': {
    send: (pool) => withClient(pool, (client) => client.query({ text: sql, rowMode: 'array' })),
    told: [one],
  },
  'client.query, named': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (let time = 1; time <= 2; time++) await client.query({ name: 'one', text: 'SELECT 1 AS named' })
      }),
    told: [
      ['SELECT ? AS named', 1],
      ['SELECT ? AS named', 1],
    ],
  },
  'client.query, callback': {
    send: (pool) => withClient(pool, (client) => new Promise((resolve) => client.query(sql, resolve))),
    told: [one],
  },
  'client.query, callback in the configuration': {
    send: (pool) =>
      withClient(pool, (client) => new Promise((resolve) => void client.query({ text: sql, callback: resolve } as pg.QueryConfig))),
    told: [one],
  },
  'pg.Query with events': {
    send: (pool, { Query }) => withClient(pool, (client) => once(client.query(new Query(sql)), 'end')),
    told: [one],
  },
  'pg.Query, failing': {
    send: (pool, { Query }) =>
      withClient(pool, async (client) => {
        await once(client.query(new Query('SELECT 1 / 0')), 'error')
        await client.query(sql)
      }),
    told: [['SELECT ? / ?', '22012'], one],
  },
  'statements that change rows': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query('INSERT INTO goods SELECT n FROM generate_series(1, 3) AS n')
        await client.query('UPDATE goods SET id = id + 10 WHERE id > 1')
        await client.query('DELETE FROM goods')
      }),
    told: [
      ['INSERT INTO goods SELECT n FROM generate_series(?) AS n', 3],
      ['UPDATE goods SET id = id + ? WHERE id > ?', 2],
      ['DELETE FROM goods', 3],
    ],
  },
  'several statements in one text': {
    send: (pool) => withClient(pool, (client) => client.query('SELECT 1 AS one; SELECT 2 AS two')),
    told: [['SELECT ? AS one; SELECT ? AS two', 2]],
  },
  'an empty text': { send: (pool) => withClient(pool, (client) => client.query('-- nothing')), told: [['', undefined]] },
  'a cursor that is read to its end': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor(numbers))
        while ((await cursor.read(2)).length > 0);
        await cursor.close()
        await client.query(sql)
      }),
    told: [[shownNumbers, 5], one],
  },
  'a cursor that is closed early': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor(numbers))
        await cursor.read(2)
        await cursor.close()
        await client.query('SELECT $1::int AS one', [1])
      }),
    told: [
      [shownNumbers, 2],
      ['SELECT ?::int AS one', 1],
    ],
  },
  'a cursor that fails': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor('SELECT 1 / (n - 3) FROM generate_series(1, 5) AS n'))
        await cursor.read(2)
        await swallow(cursor.read(2))
        await swallow(cursor.close())
        await client.query(sql)
      }),
    told: [['SELECT ? / (n - ?) FROM generate_series(?) AS n', '22012'], one],
  },
  'a stream': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query(new QueryStream(numbers, [], { batchSize: 2 })).toArray()
        await client.query(sql)
      }),
    told: [[shownNumbers, 5], one],
  },
  'a stream that fails': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query(new QueryStream('SELECT 1 / (n - 3) FROM generate_series(1, 5) AS n')).toArray())
        await client.query(sql)
      }),
    told: [['SELECT ? / (n - ?) FROM generate_series(?) AS n', '22012'], one],
  },
  COPY: {
    send: (pool) =>
      withClient(pool, async (client) => {
        await pipeline(Readable.from(['1\n', '2\n']), client.query(copyFrom('COPY goods FROM STDIN')))
        await client.query(copyTo('COPY goods TO STDOUT')).toArray()
        await client.query('TRUNCATE goods')
      }),
    told: [
      ['COPY goods FROM STDIN', 2],
      ['COPY goods TO STDOUT', 2],
      ['TRUNCATE goods', undefined],
    ],
  },
  'a transaction with savepoints': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', sql, 'SAVEPOINT s', 'SELECT 1 / 0', 'ROLLBACK TO s', sql, 'COMMIT']) await swallow(client.query(text))
      }),
    told: [
      ['BEGIN', undefined],
      one,
      ['SAVEPOINT s', undefined],
      ['SELECT ? / ?', '22012'],
      ['ROLLBACK TO s', undefined],
      one,
      ['COMMIT', undefined],
    ],
  },
  'a transaction whose statements are limited': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', sql, 'COMMIT']) await client.query(text)
      }),
    told: [['BEGIN', undefined], one, ['COMMIT', undefined]],
    // Our own SET LOCAL.
    reach: 4,
    options: { statementTimeoutMillis: 60_000 },
  },
  'a statement that takes too long': {
    send: (pool) => withClient(pool, (client) => swallow(client.query('SELECT pg_sleep(60)'))),
    told: [['SELECT pg_sleep(?)', '57014']],
    options: { statementTimeoutMillis: 100 },
  },
  'a statement that takes too long in a transaction': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', 'SELECT pg_sleep(60)', 'ROLLBACK']) await swallow(client.query(text))
      }),
    told: [
      ['BEGIN', undefined],
      ['SELECT pg_sleep(?)', '57014'],
      ['ROLLBACK', undefined],
    ],
    reach: 4,
    options: { statementTimeoutMillis: 500 },
  },
  'statements that are queued on one client': {
    send: (pool) =>
      withClient(pool, (client) =>
        Promise.all([client.query(sql), swallow(client.query('SELECT 1 / 0')), client.query('SELECT 2 AS two')]),
      ),
    told: [one, ['SELECT ? / ?', '22012'], ['SELECT ? AS two', 1]],
  },
  'statements in a pipeline': {
    send: (pool) =>
      withClient(pool, (client) =>
        Promise.all([
          client.query(sql),
          client.query('SELECT $1::int AS a', [1]),
          swallow(client.query('SELECT 1 / 0')),
          swallow(client.query(new Cursor(numbers)).read(1)),
          swallow(client.query('SELECT $1::text AS bad', [unsendable])),
          client.query('SELECT 2 AS two'),
        ]),
      ),
    told: [
      [shownNumbers, 'failed'],
      ['SELECT ?::text AS bad', 'failed'],
      one,
      ['SELECT ?::int AS a', 1],
      ['SELECT ? / ?', '22012'],
      ['SELECT ? AS two', 1],
    ],
    reach: 4,
    isNew: true,
    config: { pipeline: true },
  },
  'a value that cannot be sent': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await Promise.all([client.query(sql), swallow(client.query('SELECT $1::text AS bad', [unsendable])), client.query(sql)])
        await swallow(client.query('SELECT $1::text AS bad', [unsendable]))
        await client.query('SELECT 2 AS two')
      }),
    told: [one, ['SELECT ?::text AS bad', 'failed'], one, ['SELECT ?::text AS bad', 'failed'], ['SELECT ? AS two', 1]],
    reach: 3,
    // The oldest waits for an answer for ever.
    isNew: true,
  },
  'values that are no array': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query('SELECT $1::text AS bad', 'x' as never))
        await client.query(sql)
      }),
    told: [['SELECT ?::text AS bad', 'failed'], one],
    reach: 1,
  },
  'one name for two statements': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query({ name: 'x', text: sql })
        await swallow(client.query({ name: 'x', text: 'SELECT 2 AS two' }))
        await client.query(sql)
      }),
    told: [one, ['SELECT ? AS two', 'failed'], one],
    reach: 2,
  },
  'an answer that the client cannot read': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const parse = (): never => expect.fail('not readable')
        await swallow(client.query({ text: sql, types: { getTypeParser: () => parse } } as pg.QueryConfig))
        await client.query('SELECT 2 AS two')
      }),
    told: [
      ['SELECT ? AS one', 'failed'],
      ['SELECT ? AS two', 1],
    ],
  },
  'a query_timeout of pg': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query({ text: 'SELECT pg_sleep(1)', query_timeout: 50 } as pg.QueryConfig))
        await client.query(sql)
      }),
    told: [['SELECT pg_sleep(?)', 'failed'], one],
    isNew: true,
  },
  'a session that the server ends': {
    send: async (pool) => {
      const client = await pool.connect()
      await Promise.all([swallow(client.query('SELECT pg_terminate_backend(pg_backend_pid())')), swallow(client.query(sql))])
      await swallow(client.query('SELECT 2 AS two'))
      client.release(true)
    },
    told: [
      ['SELECT pg_terminate_backend(pg_backend_pid())', '57P01'],
      ['SELECT ? AS one', 'failed'],
      ['SELECT ? AS two', 'failed'],
    ],
    reach: 1,
    isDirect: true,
  },
  'a connection that breaks': {
    send: async (pool) => {
      const client = await pool.connect()
      const [sent, queued] = [swallow(client.query('SELECT pg_sleep(60)')), swallow(client.query(sql))]
      const { connection } = client as unknown as { connection: { stream: { destroy(error: Error): void } } }
      connection.stream.destroy(new Error('gone'))
      await Promise.all([sent, queued])
      client.release(true)
    },
    told: [
      ['SELECT pg_sleep(?)', 'failed'],
      ['SELECT ? AS one', 'failed'],
    ],
    reach: 0,
  },
}

const setups = [
  { name: 'pg', module: pg, url: () => logging.server.url, isPooled: false },
  { name: 'the oldest pg', module: pgOldest as unknown as Pg, url: () => logging.server.url, isPooled: false },
  { name: 'pg behind PgBouncer', module: pg, url: () => pooler.url, isPooled: true },
] as const

let pools = 0

describe.each(setups)('$name', ({ module, url, isPooled }) => {
  const cases = Object.entries(forms)
    .filter(([, { isNew }]) => isNew === undefined || module === pg)
    .filter(([, { isDirect }]) => isDirect === undefined || !isPooled)

  it.each(cases)('%s: each statement is told once', async (_name, { send, told, reach, config, options }) => {
    const applicationName = `observed${++pools}`
    const { guard, events } = watchedGuard()
    const bare = new module.Pool({ connectionString: url(), max: 1, application_name: applicationName, ...config })
    const pool = guardPool(bare, guard, { poolName: 'goods', ...options })
    pool.on('error', () => {})
    const sent = await logging.sent(applicationName, () => send(pool, module))
    await pool.end()
    expect(events.map(toldOf)).toEqual(told)
    expect(new Set(events.map((event) => `${event.layer} ${String(event.pool)}`))).toEqual(new Set(['pg goods']))
    const stats = guard.stats()
    expect([stats.totalQueries, stats.totalErrors]).toEqual([events.length, events.filter(({ failed }) => failed).length])
    // PgBouncer puts words of its own between, and a session that breaks at once may be too quick for the server.
    if (!isPooled && reach !== 0) expect(sent).toBe(reach ?? told.length)
  })
})
