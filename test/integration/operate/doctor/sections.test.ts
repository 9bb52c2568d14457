import type { Check, DoctorReport } from '@poolsafe/operate'
import { startPgBouncer, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../support/cli/fake-terminal.ts'
import { startTestPostgres } from '../../../support/servers/postgres-versions.ts'

// Settings of PgBouncer for one database or one user, in the sections [databases] and [users].

let server: PostgresServer
const poolers: PgBouncerServer[] = []
const users = { app: 'word', few: 'word' }

beforeAll(async () => {
  server = await startTestPostgres()
  const owner = new pg.Client(server.url)
  await owner.connect()
  for (const role of Object.keys(users)) await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'word'`)
  await owner.query('ALTER ROLE few CONNECTION LIMIT 25')
  for (const name of ['shop', 'other', 'full']) await owner.query(`CREATE DATABASE "${name}"`)
  await owner.query('ALTER DATABASE other CONNECTION LIMIT 3')
  await owner.query('ALTER DATABASE "full" CONNECTION LIMIT 1')
  await owner.end()
})
afterAll(async () => {
  for (const pooler of poolers) await pooler.stop()
  await server.stop()
})

interface SetUp {
  readonly sections?: (target: string) => string
  readonly settings?: Readonly<Record<string, string>>
  readonly poolMode?: 'session' | 'transaction' | 'statement'
  readonly defaultPoolSize?: number
}

async function pgbouncer({ sections = () => '', settings = {}, ...more }: SetUp): Promise<PgBouncerServer> {
  const last = `3600\n${sections(`host=127.0.0.1 port=${server.port}`)}`
  const pooler = await startPgBouncer({
    target: server,
    users,
    settings: { stats_users: 'app, few', ...settings, server_lifetime: last },
    ...more,
  })
  poolers.push(pooler)
  return pooler
}

function urlIn({ urlFor }: PgBouncerServer, database: string, user = 'app'): string {
  const url = new URL(urlFor(user, 'word'))
  url.pathname = `/${database}`
  return url.href
}

/** Returns the doctor's messages, by the name of the check. */
async function checksOf(url: string, ...more: string[]): Promise<Record<string, Check>> {
  const { out, err } = await runCli(['doctor', '--format', 'json', '--url', url, ...more])
  expect(err).toBe('')
  const { checks } = JSON.parse(out) as DoctorReport
  return Object.fromEntries(checks.map((check) => [check.id, check]))
}

describe('the pool mode', () => {
  it.each<[string, 'session' | 'transaction', string, string]>([
    [
      'of a database with another name than in PostgreSQL',
      'session',
      'store = TARGET dbname=shop pool_mode=transaction',
      'transaction',
    ],
    ['of such a database, in session mode', 'transaction', 'store = TARGET dbname=shop pool_mode=session', 'session'],
    ['of a user', 'transaction', 'store = TARGET dbname=shop\n[users]\napp = pool_mode=session', 'session'],
  ])('%s', async (_, poolMode, lines, found) => {
    const pooler = await pgbouncer({
      poolMode,
      sections: (target) => `[databases]\n${lines.replace('TARGET', target)}`,
    })
    const checks = await checksOf(urlIn(pooler, 'store'))
    expect(checks['pgbouncer/pool-mode']).toMatchObject({ found: `pool_mode = ${found} for store and app` })
  })

  it('in session mode keeps named statements', async () => {
    const pooler = await pgbouncer({ poolMode: 'session' })
    const checks = await checksOf(urlIn(pooler, 'shop'), '--named-statements')
    expect(checks['pgbouncer/max-prepared-statements']?.status).toBe('ok')
  })

  it('in statement mode has a clear error if the console cannot be seen', async () => {
    const pooler = await pgbouncer({ poolMode: 'statement', settings: { stats_users: '' } })
    const { exitCode, err } = await runCli(['doctor', '--url', urlIn(pooler, 'shop')])
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining('pool_mode = transaction') })
  })
})

describe('the sum of server connections', () => {
  it('leaves out databases of other servers', async () => {
    const pooler = await pgbouncer({
      defaultPoolSize: 40,
      sections: (target) =>
        `[databases]\nshop = ${target}\nreplica = host=10.0.0.9 dbname=shop\nold = host=10.0.0.8 dbname=shop`,
    })
    const { 'pgbouncer/default-pool-size': sum } = await checksOf(urlIn(pooler, 'shop'))
    expect(sum?.status).toBe('ok')
  })

  it('with many databases is limited for each user, not for each database', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `tenant${index}`)
    const pooler = await pgbouncer({
      sections: (target) => `[databases]\n${names.map((name) => `${name} = ${target} dbname=shop`).join('\n')}`,
    })
    const { 'pgbouncer/default-pool-size': sum } = await checksOf(urlIn(pooler, 'tenant1'))
    expect(sum).toMatchObject({
      status: 'failure',
      remedy: expect.stringMatching(/^max_user_connections = 4\d, or a smaller default_pool_size$/),
    })
  })
})

describe('CONNECTION LIMIT', () => {
  it('for a role counts the pools of this role alone', async () => {
    const pooler = await pgbouncer({ defaultPoolSize: 20 })
    const other = new pg.Client(urlIn(pooler, 'shop'))
    await other.connect()
    await other.query('SELECT 1')
    const checks = await checksOf(urlIn(pooler, 'shop', 'few'))
    await other.end()
    expect(checks['connections/limit']).toMatchObject({ status: 'ok' })
  })

  it('for a database is raised there', async () => {
    const pooler = await pgbouncer({ defaultPoolSize: 20 })
    const checks = await checksOf(urlIn(pooler, 'other'))
    expect(checks['connections/limit']?.remedy).toBe('ALTER DATABASE other CONNECTION LIMIT 20')
  })
})

it.each([
  ['default_transaction_isolation, extra_float_digits', 'default_transaction_isolation'],
  ['transaction_timeout, idle_session_timeout, timezone', 'transaction_timeout, idle_session_timeout'],
])('settings that are ignored at login are lost, whichever they are: %s', async (list, lost) => {
  const pooler = await pgbouncer({ settings: { ignore_startup_parameters: list } })
  const { 'pgbouncer/ignore-startup-parameters': check } = await checksOf(urlIn(pooler, 'shop'))
  expect(check).toMatchObject({ status: 'warning', why: `a client that sends ${lost} gets no error and no effect` })
})

describe('PgBouncer’s console', () => {
  it.each([['doctor'], ['audit'], ['watch', '--application', 'shop-*', '--once']])(
    'is no database for %s',
    async (...command) => {
      const pooler = await pgbouncer({})
      const { exitCode, err } = await runCli([...command, '--url', urlIn(pooler, 'pgbouncer')])
      expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining('is PgBouncer’s console') })
    },
  )

  it('is not a database, which --admin-url may be by mistake', async () => {
    const pooler = await pgbouncer({})
    const checks = await checksOf(urlIn(pooler, 'shop'), '--admin-url', urlIn(pooler, 'other'))
    expect(checks['pgbouncer/console']).toMatchObject({
      status: 'unseen',
      why: 'it is a database, not PgBouncer’s console: its name there is pgbouncer',
    })
  })
})

describe('a login that fails because all connections are taken', () => {
  it('says what to do, at the pooler', async () => {
    const pooler = await pgbouncer({ settings: { max_client_conn: '1', stats_users: '' } })
    const other = new pg.Client(urlIn(pooler, 'shop'))
    await other.connect()
    const { exitCode, err } = await runCli(['doctor', '--url', urlIn(pooler, 'shop')])
    await other.end()
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining('a higher max_client_conn') })
  })

  it('says what to do, at PostgreSQL', async () => {
    const url = new URL(server.url)
    Object.assign(url, { pathname: '/full', username: 'app', password: 'word' })
    const other = new pg.Client(url.href)
    await other.connect()
    const { exitCode, err } = await runCli(['doctor', '--url', url.href])
    await other.end()
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining('`poolsafe watch` closes idle') })
  })
})
