import { createGuard, poolers } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let proxy: Server
let sql: postgres.Sql
const clients = new Set<Socket>()

beforeAll(async () => {
  server = await sharedPostgres()
  const { hostname, port } = new URL(server.url)
  proxy = createServer((client) => {
    clients.add(client)
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => {
      clients.delete(client)
      upstream.destroy()
    })
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
})

afterAll(async () => {
  proxy.close()
  await server.stop({ force: true })
})

beforeEach(() => {
  const url = new URL(server.url)
  url.hostname = '127.0.0.1'
  url.port = String((proxy.address() as { port: number }).port)
  const guard = createGuard({ pooler: poolers.strictest(), logger: { warn() {} } })
  const bare: postgres.Sql = postgres(url.href, { max: 1, prepare: false, onnotice() {}, backoff: () => 0 })
  sql = guardSql(bare, guard, { acquireTimeoutMillis: 60_000 })
})

afterEach(() => sql.end({ timeout: 1 }))

const closed = { code: 'CONNECTION_CLOSED' }

/** If a query was just being written, the socket's own error comes. */
const lost: unknown = { code: expect.stringMatching(/^(?:CONNECTION_CLOSED|ECONNRESET|EPIPE)$/) }

/** Ends all connections, and waits until their sockets are closed at the other side. */
async function drop(): Promise<void> {
  const sockets = [...clients]
  await Promise.all(
    sockets.map(async (socket) => {
      const isClosed = once(socket, 'close')
      socket.destroy()
      await isClosed
    }),
  )
}

/** Drops the connection as soon as it runs a statement. The server does not notice, and would go on. */
async function dropRunning(query: postgres.PendingQuery<postgres.Row[]>): Promise<unknown> {
  const outcome = query.catch((error: unknown) => error)
  const direct: postgres.Sql = postgres(server.url, { max: 1, onnotice() {} })
  const sleeping = direct`FROM pg_stat_activity
    WHERE query LIKE '%pg_sleep(600)' AND state = 'active' AND datname = current_database()`
  while ((await direct`SELECT pid ${sleeping}`).length === 0);
  await drop()
  while ((await direct`SELECT pg_terminate_backend(pid) ${sleeping}`).length > 0);
  await direct.end()
  return outcome
}

/** The process would end within this query if something was written to the closed socket. */
async function expectUsable(): Promise<void> {
  expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  expect(await sql.begin((tx) => tx`SELECT 2 AS two`)).toEqual([{ two: 2 }])
}

describe('a reserved connection that is lost', () => {
  it('while a statement runs: its error, the same for later ones, and it is not lent again', async () => {
    const reserved = await sql.reserve()
    await reserved`BEGIN`
    expect(await dropRunning(reserved`SELECT pg_sleep(600)`)).toMatchObject(closed)
    await expect(reserved`SELECT 1`).rejects.toMatchObject(closed)
    reserved.release()
    await expectUsable()
  })

  it('while another statement waits behind one with a parameter: both fail', async () => {
    const reserved = await sql.reserve()
    const running = reserved`SELECT ${1}::int, pg_sleep(600)`.execute()
    const outcomes = Promise.allSettled([running, reserved`SELECT 2`])
    await dropRunning(running)
    expect(await outcomes).toMatchObject([{ reason: closed }, { reason: closed }])
    reserved.release()
    await expectUsable()
  })

  it('while it is idle: the next query fails', async () => {
    const reserved = await sql.reserve()
    await reserved`SELECT 1`
    await drop()
    await expect(fails(() => reserved`SELECT 2`)).resolves.toMatchObject(lost as object)
    reserved.release()
    await expectUsable()
  })

  it('while it is idle in a transaction: it can be released', async () => {
    const reserved = await sql.reserve()
    await reserved`BEGIN`
    await drop()
    await fails(() => reserved`SELECT 2`)
    reserved.release()
    await expectUsable()
  })
})

describe('a transaction whose connection is lost', () => {
  it.each([
    ['a query', (tx: postgres.TransactionSql) => dropRunning(tx`SELECT pg_sleep(600)`)],
    [
      'a savepoint',
      (tx: postgres.TransactionSql) =>
        tx.savepoint(async (inner) => {
          throw await dropRunning(inner`SELECT pg_sleep(600)`)
        }),
    ],
  ] as const)('rejects in %s, and later queries of its sql are not sent', async (_name, work) => {
    let inside: postgres.TransactionSql | undefined
    const outcome = sql.begin(async (tx) => {
      inside = tx
      await tx`SELECT 1`
      throw await work(tx)
    })
    await expect(outcome).rejects.toMatchObject(closed)
    const late = inside as postgres.TransactionSql
    await expect(late`SELECT 1`).rejects.toMatchObject(closed)
    await expect(late.savepoint((inner) => inner`SELECT 1`)).rejects.toMatchObject(closed)
    await expectUsable()
  })
})

/** Tries until this side has seen the end of the connection. */
async function fails(call: () => PromiseLike<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await call()
    } catch (error) {
      return error
    }
  }
}
