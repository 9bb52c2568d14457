import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, canConnect } from './ask.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres({ settings: { log_statement: 'all' } })
})

afterAll(async () => {
  await postgres?.stop()
})

describe('startPostgres', () => {
  it('comes from the image that the environment names, else from the package', () => {
    expect(postgres.source).toBe(process.env.POOLSAFE_POSTGRES_IMAGE === undefined ? 'embedded' : 'docker')
  })

  it('answers a query', async () => {
    expect(await ask(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('returns the version of the running server', async () => {
    const [row] = await ask<{ version: string }>(postgres.url, 'SELECT version()')
    expect(row?.version).toMatch(`PostgreSQL ${postgres.version} `)
  })

  it('has its settings applied, and sorts as the locale C does wherever it runs', async () => {
    const settings = "current_setting('log_statement') AS logged, current_setting('server_encoding') AS encoding"
    expect(await ask(postgres.url, `SELECT ${settings}, 'a' > 'B' AS sorted`)).toEqual([
      { logged: 'all', encoding: 'UTF8', sorted: true },
    ])
  })

  it('refuses a wrong password', async () => {
    const url = new URL(postgres.url)
    url.password = 'wrong'
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow(/password/)
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
