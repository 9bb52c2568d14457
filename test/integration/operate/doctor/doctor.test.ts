import type { Check, DoctorReport } from '@poolsafe/operate'
import { startPgBouncer, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startTestPostgres, testMajor } from '../../../support/servers/postgres-versions.ts'
import { startStandby } from '../../../support/servers/standby.ts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { broken } from './broken.ts'
import { runCli } from '../../../support/cli/fake-terminal.ts'
import { errorsByOwnSchema } from '../../../support/cli/schema-errors.ts'

let server: PostgresServer
let owner: pg.Client
const poolers: PgBouncerServer[] = []

/** Settings of a PgBouncer with which no check fails. */
const healthy = { stats_users: 'app, bare, idle, few', query_wait_timeout: '5', max_client_conn: '500' }
const users = { app: 'word', bare: 'word', idle: 'word', few: 'word', blind: 'word' }

beforeAll(async () => {
  server = await startTestPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  for (const role of Object.keys(users)) await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'word'`)
  await owner.query('GRANT pg_read_all_stats TO app, bare, idle, few')
  for (const role of ['app', 'idle', 'few', 'blind'])
    await owner.query(`ALTER ROLE ${role} SET statement_timeout = '30s'; ALTER ROLE ${role} SET lock_timeout = '5s';
      ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '30s';
      ${testMajor < 17 ? '' : `ALTER ROLE ${role} SET transaction_timeout = '60s'`}`)
  await owner.query('ALTER ROLE few CONNECTION LIMIT 7')
  if (testMajor >= 14) await owner.query("ALTER ROLE idle SET idle_session_timeout = '10min'")
})
afterAll(async () => {
  await owner.end()
  for (const pooler of poolers) await pooler.stop()
  await server.stop()
})

async function pgbouncer(options: Partial<Parameters<typeof startPgBouncer>[0]> = {}): Promise<PgBouncerServer> {
  const { settings, ...more } = options
  const pooler = await startPgBouncer({ target: server, users, ...more, settings: { ...healthy, ...settings } })
  poolers.push(pooler)
  return pooler
}

function directUrl(role = 'app'): string {
  const url = new URL(server.url)
  url.username = role
  url.password = 'word'
  return url.href
}

/** Arguments with which no check of a healthy set-up fails. */
function args(url: string, profile: string): string[] {
  return [
    '--url',
    url,
    '--direct-url',
    directUrl(),
    '--pooler',
    profile,
    '--processes',
    '4',
    '--pool',
    '5',
    '--ram',
    '64GB',
  ]
}

async function report(more: readonly string[]): Promise<DoctorReport & { readonly exitCode: number }> {
  const { exitCode, out, err } = await runCli(['doctor', '--format', 'json', ...more])
  expect(err).toBe('')
  expect(errorsByOwnSchema(out)).toBeNull()
  return { exitCode, ...(JSON.parse(out) as DoctorReport) }
}

function profileOf({ version }: PgBouncerServer): string {
  return `pgbouncer@${version.split('.').slice(0, 2).join('.')}`
}

/** The support of PostgreSQL 14 has ended. */
const endOfSupport = testMajor < 15 ? ['postgres/version'] : []

/** The checks that a healthy set-up with an old PgBouncer does not pass. */
function lacksOf({ version }: PgBouncerServer): string[] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const number = major * 10_000 + minor * 100 + patch
  return [
    ...(number < 12_502 ? ['pgbouncer/version'] : []),
    ...(number < 12_100 ? ['pgbouncer/max-prepared-statements'] : []),
  ]
}

function idsOf(checks: readonly Check[]): string[] {
  return checks.filter(({ status }) => status !== 'ok').map(({ id }) => id)
}

describe('a healthy set-up', () => {
  it('fulfils every check behind PgBouncer, but for what an old version lacks', async () => {
    const pooler = await pgbouncer()
    const { exitCode, checks, unseen } = await report(args(pooler.urlFor('app', 'word'), profileOf(pooler)))
    expect(idsOf(checks)).toEqual([...lacksOf(pooler), ...endOfSupport])
    expect(checks.length).toBeGreaterThan(18)
    expect({ exitCode, unseen }).toEqual({ exitCode: 0, unseen: [] })
  })

  it('fulfils every check without a pooler', async () => {
    const { exitCode, checks } = await report(args(directUrl(), 'direct'))
    expect({ exitCode, wrong: idsOf(checks) }).toEqual({ exitCode: 0, wrong: endOfSupport })
  })
})

describe('a broken set-up behind PgBouncer is found, with its remedy', () => {
  it.each(broken.filter(({ since = 0 }) => since <= testMajor))(
    '$name',
    async ({ options, more, id, status, remedy }) => {
      const pooler = await pgbouncer(options)
      const { exitCode, checks } = await report([
        ...args(pooler.urlFor('app', 'word'), profileOf(pooler)),
        ...more(pooler),
      ])
      const found = checks.find((check) => check.id === id)
      expect({ id, status: found?.status, remedy: found?.remedy }).toEqual({
        id,
        status,
        remedy: expect.stringMatching(remedy),
      })
      if (status === 'failure') expect(exitCode).toBe(1)
    },
  )
})

describe('a busy PgBouncer', () => {
  it('is found by the average wait of its clients', async () => {
    const pooler = await pgbouncer({ defaultPoolSize: 1, settings: { stats_period: '1' } })
    const url = pooler.urlFor('app', 'word')
    const clients = Array.from({ length: 4 }, () => new pg.Client(url))
    await Promise.all(clients.map((client) => client.connect()))
    const ending = new AbortController()
    const busy = clients.map(async (client) => {
      while (!ending.signal.aborted) await client.query('SELECT pg_sleep(0.05)')
      await client.end()
    })
    await vi.waitFor(
      async () => {
        const { checks } = await report(args(url, profileOf(pooler)))
        expect(checks.find(({ id }) => id === 'pgbouncer/average-wait')).toMatchObject({ status: 'warning' })
      },
      { timeout: 60_000 },
    )
    ending.abort()
    await Promise.all(busy)
  })
})

describe('a broken set-up without a pooler is found', () => {
  it.each<[string, string[], string, RegExp]>([
    [
      '5 replicas × 20 connections against 100',
      ['--processes', '5', '--pool', '20'],
      'connections/sum',
      /pools of at most 19/,
    ],
    ['a pool of 999', ['--processes', '1', '--pool', '999'], 'connections/sum', /pools of at most 97/],
    ['a guard for PgBouncer', ['--pooler', 'pgbouncer@1.24'], 'pooler/profile', /poolers\.direct\(\)/],
  ])('%s', async (_, more, id, remedy) => {
    const { exitCode, checks } = await report([...args(directUrl(), 'direct'), ...more])
    expect(checks.find((check) => check.id === id)).toMatchObject({
      status: 'failure',
      remedy: expect.stringMatching(remedy),
    })
    expect(exitCode).toBe(1)
  })

  it('an application that logs in as a superuser', async () => {
    const { exitCode, checks } = await report(args(server.url, 'direct'))
    const found = checks.find(({ id }) => id === 'connection/role')
    expect(found).toMatchObject({ status: 'failure', found: 'the application logs in as postgres, a superuser' })
    expect(exitCode).toBe(1)
  })

  it('connections that are used up, also by sessions that this role cannot look into', async () => {
    const { rows } = await owner.query<{ used: number }>(
      "SELECT count(*)::int AS used FROM pg_stat_activity WHERE backend_type = 'client backend'",
    )
    const others = Array.from({ length: 82 - (rows[0]?.used ?? 0) }, () => new pg.Client(directUrl('bare')))
    for (const client of others) await client.connect()
    const { checks } = await report(args(directUrl('blind'), 'direct'))
    for (const client of others) await client.end()
    expect(checks.find(({ id }) => id === 'connections/use')).toMatchObject({ status: 'warning' })
  })

  it('connections of other roles, which leave too few for the sum', async () => {
    const others = Array.from({ length: 10 }, () => new pg.Client(directUrl('bare')))
    for (const client of others) await client.connect()
    const { checks } = await report([...args(directUrl(), 'direct'), '--processes', '6', '--pool', '15'])
    for (const client of others) await client.end()
    expect(checks.find(({ id }) => id === 'connections/sum')?.status).toBe('ok')
    expect(checks.find(({ id }) => id === 'connections/others')).toMatchObject({
      status: 'warning',
      found: expect.stringMatching(
        /^90 of this application at most, and [1-9]\d of other roles now; PostgreSQL has 97$/,
      ),
      remedy: expect.stringMatching(/^at most \d+ for this application/),
    })
  })

  it('a direct URL of another server, and a server without reserved connections', async () => {
    const other = await startTestPostgres({ settings: { superuser_reserved_connections: '1' } })
    const { exitCode, checks } = await report([...args(directUrl(), 'direct'), '--direct-url', other.url])
    const { checks: ofOther } = await report(args(other.url, 'direct'))
    await other.stop()
    expect(checks.find(({ id }) => id === 'migrations/same-database')).toMatchObject({
      status: 'failure',
      found: 'the direct URL leads to another server',
    })
    expect(exitCode).toBe(1)
    expect(ofOther.find(({ id }) => id === 'connections/reserved')).toMatchObject({
      status: 'warning',
      found: '1 reserved connection for administrators',
      remedy: 'superuser_reserved_connections = 3',
    })
  })

  it('a replication slot that nothing reads', async () => {
    await owner.query("SELECT pg_create_physical_replication_slot('gone', true)")
    const { checks } = await report(args(directUrl(), 'direct'))
    await owner.query("SELECT pg_drop_replication_slot('gone')")
    expect(checks.find(({ id }) => id === 'postgres/replication-slots')).toMatchObject({
      status: 'warning',
      found: expect.stringMatching(/^1 replication slot without a reader; the oldest keeps \d+ MiB of WAL$/),
      remedy: expect.stringContaining('pg_drop_replication_slot'),
    })
  })

  it('URLs of a standby', async () => {
    const standby = await startStandby(server, false)
    const url = new URL(directUrl())
    url.port = String(standby.port)
    const { exitCode, checks } = await report([...args(url.href, 'direct'), '--direct-url', url.href])
    await standby.stop()
    expect(idsOf(checks)).toEqual(['migrations/same-database', ...endOfSupport, 'connection/primary'])
    expect(exitCode).toBe(1)
  })

  it('session locks of idle sessions', async () => {
    const other = new pg.Client(directUrl())
    await other.connect()
    await other.query('SELECT pg_advisory_lock(1)')
    const { checks } = await report(args(directUrl(), 'direct'))
    await other.end()
    expect(checks.find(({ id }) => id === 'sessions/held-locks')).toMatchObject({ status: 'warning' })
  })
})

describe('facts that cannot be seen', () => {
  it('is said: the console, other sessions, numbers that were not given', async () => {
    const pooler = await pgbouncer()
    const { exitCode, checks } = await report(['--url', pooler.urlFor('blind', 'word')])
    const seen = checks.filter(({ status }) => status === 'unseen').map(({ id }) => id)
    expect(seen).toEqual([
      'pooler/profile',
      'migrations/direct',
      'pgbouncer/console',
      'sessions/idle-in-transaction',
      'postgres/memory',
    ])
    expect(checks.find(({ id }) => id === 'pgbouncer/console')?.remedy).toContain('stats_users')
    expect(exitCode).toBe(0)
  })
})

describe('the output', () => {
  it('has a sign for each check, and a page of HTML', async () => {
    const more = args(directUrl('bare'), 'direct')
    const { exitCode, out } = await runCli(['doctor', ...more])
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^✓ no pooler: the login ends at PostgreSQL itself \(pooler\/present\)\n/)
    expect(out).toMatch(
      /\n✗ statement_timeout = 0 ms \(timeouts\/statement-timeout\)\n {4}why: .+\n {4}remedy: ALTER ROLE bare SET/,
    )
    expect(out).toMatch(/\d+ fulfilled, \d warnings, 2 failures, 0 not seen\n$/)
    expect((await runCli(['doctor', ...more, '--format', 'html'])).out).toContain('<span class="failure">✗</span>')
  })

  it('shows no password', async () => {
    const { out } = await runCli(['doctor', '--url', directUrl(), '--format', 'json'])
    expect(out).not.toContain('word@')
    const { exitCode, err } = await runCli(['doctor', '--url', 'postgresql://app:hush@127.0.0.1:1/x'])
    expect(exitCode).toBe(2)
    expect(err).toContain('could not connect to 127.0.0.1:1/x')
    expect(err).not.toContain('hush')
  })

  it.each([
    [['--processes', 'many'], '--processes must be a number'],
    [['--processes', '0'], 'processes must be a whole number of at least 1'],
    [['--ram', '16'], '--ram must be a size such as 16GB'],
    [['--pooler', 'pgbuncer'], "did you mean 'pgbouncer'?"],
  ])('exits with 2: %j', async (more, message) => {
    const { exitCode, err } = await runCli(['doctor', '--url', directUrl(), ...more])
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
  })
})

it('max_user_connections bounds the sum of all pools', async () => {
  const pooler = await pgbouncer({ defaultPoolSize: 200, settings: { max_user_connections: '20' } })
  const { checks } = await report(args(pooler.urlFor('app', 'word'), profileOf(pooler)))
  expect(checks.find(({ id }) => id === 'pgbouncer/default-pool-size')?.status).toBe('ok')
})

describe('a connection that cannot be opened', () => {
  it.each([
    ['a file that is not there', ['--url', 'postgresql://app:hush@127.0.0.1:1/x?sslrootcert=/no/such.pem'], /ENOENT/],
    ['another port', ['--url', 'postgresql://app:hush@127.0.0.1:1/x'], /ECONNREFUSED/],
  ])('%s', async (_, more, why) => {
    const { exitCode, out, err } = await runCli(['doctor', ...more])
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toMatch(/^error: could not connect to 127\.0\.0\.1:1\/x: /)
    expect(err).toMatch(why)
    expect(err).not.toMatch(/hush|\n +at /)
  })

  it('the direct one, which the message names', async () => {
    const wrong = new URL(directUrl())
    wrong.password = 'hush'
    const { exitCode, err } = await runCli(['doctor', '--url', directUrl(), '--direct-url', wrong.href])
    expect(exitCode).toBe(2)
    expect(err).toMatch(/^error: --direct-url: could not connect to .*password authentication failed/)
    expect(err).not.toContain('hush')
  })
})
