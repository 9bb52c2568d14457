import { createGuard, StatementTimeoutError } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'

const limitMillis = 500
/** A call that is not answered by then hangs, even on a busy machine. */
const patienceMillis = 60_000

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

function urlThrough(port: number): string {
  const url = new URL(server.url)
  url.port = String(port)
  return url.href
}

/** Lends a pool, and the network between it and the server. */
async function withPool(work: (pool: pg.Pool, way: Proxy) => Promise<void>, options: PoolOptions = {}): Promise<void> {
  const way = new Proxy(server.port)
  await way.open()
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: urlThrough(way.port), max: 2 }), guard, {
    statementTimeoutMillis: limitMillis,
    ...options,
  })
  pool.on('error', () => {})
  try {
    await work(pool, way)
  } finally {
    way.speak()
    await pool.end()
    await way.close()
  }
}

/** The error of a call, or a failed test if the call hangs. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise(
    (_resolve, reject) => (timer = setTimeout(() => reject(new Error('the call hangs')), patienceMillis)),
  )
  try {
    return await Promise.race([call, late]).then(
      (answer) => expect.fail(`it was answered: ${JSON.stringify(answer)}`),
      (error: unknown) => error,
    )
  } finally {
    clearTimeout(timer)
  }
}

const sql = 'SELECT 42 AS answer'

/** Every way to send a statement on a client, each as a promise of its failure. */
const forms: readonly (readonly [string, (client: pg.PoolClient) => Promise<unknown>])[] = [
  ['a promise', (client) => client.query(sql)],
  ['values', (client) => client.query('SELECT $1::int', [42])],
  ['a callback', (client) => new Promise((_resolve, reject) => client.query(sql, reject))],
  ['a cursor', (client) => client.query(new Cursor(sql)).read(1)],
  ['a stream', (client) => drain(client.query(new QueryStream(sql)))],
  [
    'a pg.Query',
    (client) => new Promise((_resolve, reject) => void client.query(new pg.Query(sql)).on('error', reject)),
  ],
]

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _row of stream);
}

describe.concurrent.each([
  ['outside a transaction', []],
  ['inside a transaction', ['BEGIN', 'SELECT 1']],
] as const)('on a network that falls silent, %s', (_name, before) => {
  it.each(forms)(
    'a statement sent by %s fails with a StatementTimeoutError that names the network',
    async (_form, send) => {
      await withPool(async (pool, way) => {
        const client = await pool.connect()
        for (const text of before) await client.query(text)
        way.silence()
        const startedAt = performance.now()
        const error = await failureOf(send(client))
        expect(error).toBeInstanceOf(StatementTimeoutError)
        expect(error).toMatchObject({ limitMillis, wasCancelled: false })
        expect(performance.now() - startedAt).toBeGreaterThan(limitMillis + 1900)
        expect((error as Error).message).toContain('network')
        expect((error as Error).message).not.toContain('lock')
        client.release()
        way.speak()
        expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      })
    },
  )
})

it.concurrent.each([
  ['outside a transaction', []],
  ['inside a transaction', ['BEGIN', 'SELECT 1']],
] as const)('a server process that is stopped (SIGSTOP) has the same error, %s', async (_name, before) => {
  await withPool(async (pool) => {
    const client = await pool.connect()
    for (const text of before) await client.query(text)
    const { pid } = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0] ?? expect.fail()
    process.kill(pid, 'SIGSTOP')
    try {
      expect(await failureOf(client.query(sql))).toMatchObject({
        name: 'StatementTimeoutError',
        wasCancelled: false,
        limitMillis,
      })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    client.release()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

it.concurrent('a BEGIN and a COMMIT that get no answer fail alike', async () => {
  for (const [before, text] of [
    [[], 'BEGIN'],
    [['BEGIN', 'SELECT 1'], 'COMMIT'],
  ] as const) {
    await withPool(async (pool, way) => {
      const client = await pool.connect()
      for (const each of before) await client.query(each)
      way.silence()
      expect(await failureOf(client.query(text))).toMatchObject({
        name: 'StatementTimeoutError',
        wasCancelled: false,
        statement: text,
      })
      client.release()
    })
  }
})

it.concurrent('a transaction with a limit of its own keeps that', async () => {
  await withPool(async (pool) => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query("SET LOCAL statement_timeout = '1h'")
    expect((await client.query(`SELECT pg_sleep(${(limitMillis + 2500) / 1000})`)).rowCount).toBe(1)
    await client.query('ROLLBACK')
    client.release()
  })
})

it.concurrent('a stream whose server process is killed while it is read ends with the error of the server', async () => {
  await withPool(
    async (pool) => {
      const client = await pool.connect()
      const { pid } = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0] ?? expect.fail()
      const stream = client.query(new QueryStream('SELECT generate_series(1, 100000)'))
      const iterator = (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      await iterator.next()
      await pool.query('SELECT pg_terminate_backend($1)', [pid])
      expect(await failureOf(drain({ [Symbol.asyncIterator]: () => iterator }))).toMatchObject({ code: '57P01' })
      client.release()
    },
    { statementTimeoutMillis: Infinity },
  )
})

it('backends that are killed under ten workers end no process, hang no call, and every error is the driver’s own', async () => {
  const admin = new pg.Client(server.url)
  await admin.connect()
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 5 }), guard, {
    statementTimeoutMillis: 5000,
    poolerWaitTimeoutMillis: 4000,
  })
  pool.on('error', () => {})
  const progress = { isOver: false, answered: 0 }
  const failures: unknown[] = []
  async function work(): Promise<void> {
    while (!progress.isOver) {
      try {
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query('SELECT 1')
          await client.query('COMMIT')
          progress.answered++
        } finally {
          client.release()
        }
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const workers = Array.from({ length: 10 }, work)
  for (let round = 0; round < 40; round++) {
    await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
      ['client backend'],
    )
    const { answered } = progress
    while (progress.answered === answered) await new Promise((resolve) => setImmediate(resolve))
  }
  progress.isOver = true
  await Promise.all(workers)
  await pool.end()
  await admin.end()
  expect(failures.length).toBeGreaterThan(0)
  expect(failures.filter((error) => error instanceof TypeError)).toEqual([])
})
