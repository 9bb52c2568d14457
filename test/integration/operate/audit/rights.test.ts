import { audit, type Ask, type AuditReport } from '@poolsafe/operate'
import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startTestPostgres, testMajor } from '../../../support/servers/postgres-versions.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../support/cli/fake-terminal.ts'
import { errorsByOwnSchema, schemaErrors } from '../../../support/cli/schema-errors.ts'
import { startStandby } from '../../../support/servers/standby.ts'

let server: PostgresServer
let owner: pg.Client

beforeAll(async () => {
  server = await startTestPostgres()
  owner = await connected(server.url)
  await owner.query(`
    CREATE ROLE auditor LOGIN PASSWORD 'word'; CREATE ROLE stats LOGIN PASSWORD 'word'; GRANT pg_read_all_stats TO stats; CREATE ROLE app LOGIN PASSWORD 'word';
    CREATE SCHEMA hidden_schema; REVOKE ALL ON SCHEMA hidden_schema FROM PUBLIC;
    CREATE FUNCTION hidden_schema.leak() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.tenant', 'x', false) $$;
    REVOKE ALL ON FUNCTION hidden_schema.leak() FROM PUBLIC;
    CREATE TABLE hidden_schema.orders (id int DEFAULT length(hidden_schema.leak()));
    CREATE FUNCTION hidden_schema.tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('app.tenant', true) $$;
    ALTER ROLE app SET statement_timeout = '7s'; ALTER ROLE app SET my.secret_token = 'hush-1234';
    ALTER ROLE app CONNECTION LIMIT 9`)
})
afterAll(async () => {
  await owner.end()
  await server.stop()
})

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

function urlOf(role: string): string {
  const url = new URL(server.url)
  url.username = role
  url.password = 'word'
  return url.href
}

function askOf(client: pg.Client): Ask {
  return async (sql) => (await client.query<Record<string, unknown>>(sql)).rows
}

async function auditAs(role: string): Promise<AuditReport> {
  const client = await connected(urlOf(role))
  try {
    const report = await audit({ ask: askOf(client) })
    expect(schemaErrors('audit', { $schema: '', ...report })).toBeNull()
    return report
  } finally {
    await client.end()
  }
}

describe('a role that may only connect', () => {
  it('reads all code, and says what it could not see', async () => {
    const { findings, unseen } = await auditAs('auditor')
    expect(findings.map(({ object, kind, via }) => ({ object, kind, via }))).toEqual([
      { object: 'hidden_schema.leak', kind: 'setting', via: ['set_config(…, false)'] },
      {
        object: 'hidden_schema.orders',
        kind: 'setting',
        via: ['default id', 'hidden_schema.leak()', 'set_config(…, false)'],
      },
    ])
    expect(unseen).toEqual([
      { what: 'sessions of other roles', why: expect.stringContaining('GRANT pg_read_all_stats TO auditor') },
    ])
  })

  it('runs none of the code, and leaves nothing on its connection', async () => {
    const client = await connected(urlOf('auditor'))
    await client.query("SELECT set_config('application_name', 'mine', false)")
    await audit({ ask: askOf(client) })
    const { rows } = await client.query(
      "SELECT current_setting('app.tenant', true) AS tenant, current_setting('search_path') AS path, current_setting('transaction_read_only') AS read_only",
    )
    await client.end()
    expect(rows).toEqual([{ tenant: null, path: '"$user", public', read_only: 'off' }])
  })
})

describe('a member of pg_read_all_stats', () => {
  it('sees session locks, open transactions and temporary objects of others', async () => {
    const earlier = await connected(urlOf('app'))
    const idle = await connected(urlOf('app'))
    await earlier.end()
    await idle.query('SELECT pg_advisory_lock(72707369)')
    await idle.query('CREATE TEMP TABLE scratch (id int)')
    const { rows } = await idle.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const open = await connected(urlOf('app'))
    await open.query('BEGIN; SELECT pg_advisory_xact_lock(5)')
    const { sessions, unseen } = await auditAs('stats')
    await idle.end()
    await open.end()
    expect(unseen).toEqual([])
    expect(sessions.heldLocks).toEqual([
      expect.objectContaining({ key: '72707369', tool: 'Prisma Migrate', role: 'app', waiting: 0 }),
    ])
    expect(sessions.openTransactions).toEqual([expect.objectContaining({ role: 'app', state: 'idle in transaction' })])
    const pid = testMajor >= 16 ? rows[0]?.pid : null
    expect(sessions.temporaryObjects).toEqual([expect.objectContaining({ objects: 1, pid })])
  })
})

describe('the output', () => {
  it('has settings and limits of roles, without values that may be secrets', async () => {
    const report = await auditAs('stats')
    expect(report.sessions.roleSettings).toEqual([
      { role: 'app', database: '*', name: 'my.secret_token', value: null },
      { role: 'app', database: '*', name: 'statement_timeout', value: '7s' },
    ])
    expect(report.sessions.connectionLimits).toEqual([{ kind: 'role', name: 'app', limit: 9 }])
    expect(JSON.stringify(report)).not.toContain('hush')
  })

  it('names custom settings that code reads, and those that have a value, but no value', async () => {
    const client = await connected(urlOf('auditor'))
    await client.query("SELECT set_config('app.tenant', 'secret-tenant', false)")
    const report = await audit({ ask: askOf(client) })
    await client.end()
    expect(report).toMatchObject({ customSettings: ['app.tenant'], customSettingsWithValue: ['app.tenant'] })
    expect(JSON.stringify(report)).not.toContain('secret-tenant')
  })
})

describe('poolsafe audit', () => {
  it('prints chains and exits with 1', async () => {
    const { exitCode, out } = await runCli(['audit', '--url', urlOf('auditor')])
    expect(exitCode).toBe(1)
    expect(out).toContain('hidden_schema.orders → default id → hidden_schema.leak() → set_config(…, false)')
    expect(out).toContain('INSERT INTO hidden_schema.orders')
    expect(out).toContain('GRANT pg_read_all_stats TO auditor')
  })

  it('judges for one pooler: PgBouncer 1.20 and later track settings only if told to', async () => {
    const json = await runCli(['audit', '--pooler', 'direct', '--format', 'json'], {
      env: { DATABASE_URL: urlOf('auditor') },
    })
    expect(json.exitCode).toBe(0)
    expect((JSON.parse(json.out) as AuditReport).findings).toEqual([])
  })

  it('prints JSON by its schema', async () => {
    const { out } = await runCli(['audit', '--url', urlOf('auditor'), '--format', 'json'])
    expect(errorsByOwnSchema(out)).toBeNull()
    expect(errorsByOwnSchema(out.replaceAll('"level": "error"', '"level": "fatal"'))).not.toBeNull()
  })

  it('prints SARIF with the objects as logical locations', async () => {
    const { out } = await runCli(['audit', '--url', urlOf('auditor'), '--format', 'sarif'])
    const rules = [{ id: 'session/set-config' }]
    const place = (object: string, kind: string): object => ({
      ruleId: 'session/set-config',
      level: 'error',
      locations: [{ logicalLocations: [{ fullyQualifiedName: `${server.database}.hidden_schema.${object}`, kind }] }],
    })
    expect(JSON.parse(out)).toMatchObject({
      version: '2.1.0',
      runs: [{ tool: { driver: { rules } }, results: [place('leak', 'function'), place('orders', 'default')] }],
    })
  })

  it('escapes names in HTML', async () => {
    await owner.query(`CREATE FUNCTION public."<b>&'"() RETURNS void LANGUAGE plpgsql AS 'BEGIN LISTEN x; END'`)
    const { out } = await runCli(['audit', '--url', urlOf('auditor'), '--format', 'html'])
    await owner.query(`DROP FUNCTION public."<b>&'"()`)
    expect(out).toContain('public.&#60;b&#62;&#38;&#39;')
    expect(out).not.toContain('<b>')
  })

  it.each([
    [[], {}, 'no database: give --url, or set DATABASE_URL'],
    [['--url', 'mysql://localhost/x'], {}, '--url is not a URL'],
    [[], { DATABASE_URL: 'not a url' }, 'DATABASE_URL is not a URL'],
    [['--url', 'postgresql://u:hush@127.0.0.1:1/x'], {}, 'could not connect to 127.0.0.1:1/x: '],
  ])('exits with 2, and shows no password: %j', async (args, env, message) => {
    const { exitCode, out, err } = await runCli(['audit', ...args], { env })
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toContain(message)
    expect(err).not.toContain('hush')
  })
})

it('a standby is read like any other server', async () => {
  const standby = await startStandby(server, false)
  const client = await connected(standby.url)
  const { findings } = await audit({ ask: askOf(client) })
  await client.end()
  await standby.stop()
  expect(findings.map(({ object }) => object)).toEqual(['hidden_schema.leak', 'hidden_schema.orders'])
})

describe('a server that fails', () => {
  it('is an error that says what was read', async () => {
    const client = await connected(urlOf('auditor'))
    client.on('error', () => {})
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    let asked = 0
    const ask: Ask = async (sql) => {
      if (++asked === 6) await owner.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid])
      return askOf(client)(sql)
    }
    await expect(audit({ ask })).rejects.toThrow(/poolsafe could not read the catalog \(\w+\): /)
  })
})
