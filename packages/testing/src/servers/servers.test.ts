import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '../servers.ts'

let postgres: PostgresServer
let pooler: PgBouncerServer
const guest = { user: 'guest "of honour"', password: 'p@ss/word: "1"' }

beforeAll(async () => {
  postgres = await startPostgres({ settings: { log_statement: 'all' } })
  pooler = await startPgBouncer({ target: postgres, defaultPoolSize: 1, users: { [guest.user]: guest.password } })
})

afterAll(async () => {
  await pooler?.stop()
  await postgres?.stop()
})

async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

function canConnect({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

describe('startPostgres', () => {
  it('answers a query', async () => {
    expect(await ask(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('is the version of the installed package, with its settings applied', async () => {
    const [row] = await ask<{ version: string; logged: string }>(
      postgres.url,
      "SELECT version(), current_setting('log_statement') AS logged",
    )
    expect(row?.version).toMatch(/^PostgreSQL \d+/)
    expect(row?.logged).toBe('all')
  })

  it('hands out what the server has logged', async () => {
    await ask(postgres.url, "SELECT 'to be found in the log'")
    await expect.poll(() => postgres.log()).toContain("statement: SELECT 'to be found in the log'")
  })

  it('starts several servers at once and frees their ports', async () => {
    const others = await Promise.all([startPostgres(), startPostgres()])
    expect(new Set([postgres, ...others].map(({ port }) => port)).size).toBe(3)
    await Promise.all(others.map((server) => server.stop()))
    expect(await Promise.all(others.map(canConnect))).toEqual([false, false])
  })

  it('sends no error to the clients of a pool that has ended', async () => {
    const server = await startPostgres()
    const pool = new pg.Pool({ connectionString: server.url })
    const errors: Error[] = []
    // pg's pool stops listening to its clients as it ends; their errors would be uncaught.
    pool.on('connect', (client) => client.on('error', (error) => errors.push(error)))
    await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT 1')))
    await pool.end()
    await server.stop()
    expect(errors).toEqual([])
  })

  it('cuts off a client that stays connected when it stops', async () => {
    const server = await startPostgres()
    const client = new pg.Client(server.url)
    const errors: Error[] = []
    client.on('error', (error) => errors.push(error))
    await client.connect()
    const ended = new Promise((resolve) => client.once('end', resolve))
    await server.stop()
    await ended
    expect(errors[0]).toMatchObject({ code: '57P01' })
  })

  it('says what the server says when it does not start', async () => {
    await expect(startPostgres({ settings: { no_such_setting: 'on' } })).rejects.toThrow('no_such_setting')
  })
})

describe('startPgBouncer', () => {
  it('answers a query', async () => {
    expect(await ask(pooler.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('tells the version of the running server', async () => {
    const [row] = await ask<{ version: string }>(pooler.adminUrl, 'SHOW VERSION')
    expect(row?.version).toBe(`PgBouncer ${pooler.version}`)
  })

  it('pools by transaction: two clients share the one server connection', async () => {
    const clients = [new pg.Client(pooler.url), new pg.Client(pooler.url)]
    await Promise.all(clients.map((client) => client.connect()))
    const pids = await Promise.all(clients.map((client) => client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')))
    await Promise.all(clients.map((client) => client.end()))
    expect(new Set(pids.map(({ rows }) => rows[0]?.pid)).size).toBe(1)
  })

  it('keeps users apart: on the server each is who logged in', async () => {
    const role = pg.escapeIdentifier(guest.user)
    await ask(postgres.url, `CREATE ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(guest.password)}`)
    const url = pooler.urlFor(guest.user, guest.password)
    expect(await ask(url, 'SELECT session_user AS name')).toEqual([{ name: guest.user }])
    expect(await ask(pooler.url, 'SELECT session_user AS name')).toEqual([{ name: postgres.user }])
  })

  it('refuses a wrong password', async () => {
    await expect(ask(pooler.urlFor(guest.user, 'wrong'), 'SELECT 1')).rejects.toThrow(/SASL|password/)
  })

  it('keeps a server connection for a client in session mode', async () => {
    const sessions = await startPgBouncer({ target: postgres, poolMode: 'session', defaultPoolSize: 2 })
    const clients = [new pg.Client(sessions.url), new pg.Client(sessions.url)]
    for (const client of clients) await client.connect()
    const pids: unknown[] = []
    for (const client of clients) pids.push((await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid)
    for (const client of clients) await client.end()
    await sessions.stop()
    expect(new Set(pids).size).toBe(2)
  })

  it('frees its port when it stops', async () => {
    const other = await startPgBouncer({ target: postgres })
    expect(await canConnect(other)).toBe(true)
    await other.stop()
    expect(await canConnect(other)).toBe(false)
  })

  it('says what PgBouncer says when it does not start', async () => {
    await expect(startPgBouncer({ target: postgres, settings: { pool_mode: 'none' } })).rejects.toThrow('pool_mode')
  })
})
