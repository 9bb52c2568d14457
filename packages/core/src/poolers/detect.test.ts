import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { detect } from './detect.ts'

/** Marks what must not come out again. */
const secret = 'hunter2'

describe('a URL tells', () => {
  test.each<[string, string, 'likely' | 'possible']>([
    [
      'aws-0-eu-west-1.pooler.supabase.com:6543/postgres',
      'Supabase, shared pooler: Supavisor, transaction mode',
      'likely',
    ],
    [
      'aws-0-eu-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true',
      'Supabase, shared pooler: Supavisor, transaction mode',
      'likely',
    ],
    ['aws-0-eu-west-1.pooler.supabase.com:5432/postgres', 'Supabase, session mode', 'likely'],
    ['AWS-0-EU-WEST-1.POOLER.SUPABASE.COM/postgres', 'Supabase, session mode', 'likely'],
    [
      'db.abcdefghij.supabase.co:6543/postgres',
      'Supabase, dedicated pooler: PgBouncer 1.18 (version not given), transaction mode',
      'likely',
    ],
    ['db.abcdefghij.supabase.co:5432/postgres', 'Supabase, direct connection', 'likely'],
    [
      'ep-cool-1234-pooler.us-east-2.aws.neon.tech/db',
      'Neon, pooled: PgBouncer 1.18 (version not given), transaction mode',
      'likely',
    ],
    ['ep-cool-1234.us-east-2.aws.neon.tech/db', 'Neon, direct connection', 'likely'],
    [
      'pooled.db.prisma.io:5432/?sslmode=require',
      'Prisma Postgres, pooled: PgBouncer 1.18 (version not given), transaction mode',
      'likely',
    ],
    [
      'db.prisma.io:5432/postgres?pooled=true',
      'Prisma Postgres, pooled: PgBouncer 1.18 (version not given), transaction mode',
      'likely',
    ],
    ['db.prisma.io:5432/postgres', 'Prisma Postgres, direct connection', 'likely'],
    ['app.proxy-abc123.eu-west-1.rds.amazonaws.com/db', 'Amazon RDS Proxy', 'likely'],
    ['reader.endpoint.proxy-abc123.eu-west-1.rds.amazonaws.com/db', 'Amazon RDS Proxy', 'likely'],
    ['app.proxy-abc123.cn-north-1.rds.amazonaws.com.cn/db', 'Amazon RDS Proxy', 'likely'],
    ['0f1e2d3c.hyperdrive.local:5432/db', 'Cloudflare Hyperdrive', 'likely'],
    ['db.example.com/app?pgbouncer=true', 'PgBouncer 1.18 (version not given), transaction mode', 'likely'],
    ['db.example.com:6432/app', 'PgBouncer 1.18 (version not given), transaction mode', 'possible'],
    ['/app?host=/run/postgresql&port=6432', 'PgBouncer 1.18 (version not given), transaction mode', 'possible'],
    ['[::1]:6432/app', 'PgBouncer 1.18 (version not given), transaction mode', 'possible'],
    ['db.example.com:6543/app', 'Supavisor, transaction mode', 'possible'],
    ['orders-pooler.example.com/app', 'any transaction pooler (strictest profile: nothing is tracked)', 'possible'],
    ['db.example.com/app?pooled=true', 'any transaction pooler (strictest profile: nothing is tracked)', 'possible'],
  ])('%s', (rest, label, certainty) => {
    for (const protocol of ['postgres', 'postgresql']) {
      const login = rest.startsWith('/') ? '' : `user:${secret}@`
      const found = detect({ url: `${protocol}://${login}${rest}` })
      expect(found).toMatchObject({ profile: { label }, certainty })
      expect(JSON.stringify(found)).not.toContain(secret)
    }
  })

  test.each([
    `prisma://accelerate.prisma-data.net/?api_key=${secret}`,
    `prisma+postgres://accelerate.prisma-data.net/?api_key=${secret}`,
  ])('only that it is Accelerate: %s', (url) => {
    expect(detect({ url })).toMatchObject({ profile: { name: 'strictest' }, certainty: 'possible' })
    expect(JSON.stringify(detect({ url }))).not.toContain(secret)
  })

  test.each([
    'postgres://user@localhost/app',
    'postgres://user@db.example.com:5432/app?pgbouncer=false',
    'postgres://user@pooler.example.com/app',
    'postgres://user@app.abc123.eu-west-1.rds.amazonaws.com/db',
    'postgres://user@notsupabase.com:5432/app',
    'postgres://user@one:5432,two:5432/app',
    `postgres://user:${secret}/6432@db.example.com/app`,
    'no URL',
    '',
  ])('nothing: %s', (url) => {
    expect(detect({ url })).toBeUndefined()
  })
})

describe('PgBouncer tells at login', () => {
  const status = {
    'pgbouncer.version': '1.26.1',
    'pgbouncer.pool_mode': 'transaction',
    'pgbouncer.max_prepared_statements': '200',
  }

  test('its version, its mode and its settings', () => {
    const found = detect({ parameterStatus: { ...status, server_version: '18.0 (Debian 18.0-1)' } })
    expect(found?.certainty).toBe('certain')
    expect(found?.because).toBe('at login the pooler says that it is PgBouncer 1.26.1 in transaction mode')
    expect(found?.profile.trackedSettings).toContain('search_path')
    expect(found?.profile.carries['named-statement']).toBe('tracked')
  })

  test('that it tracks no names', () => {
    const found = detect({ parameterStatus: { ...status, 'pgbouncer.max_prepared_statements': '0' } })
    expect(found?.profile.carries['named-statement']).toBe('leaks')
    expect(found?.profile.trackedSettings).not.toContain('search_path')
  })

  test('that it pools sessions', () => {
    const found = detect({ parameterStatus: { ...status, 'pgbouncer.pool_mode': 'session' } })
    expect(found?.profile.label).toBe('PgBouncer 1.26.1, session mode')
    expect(found?.profile.carries.setting).toBe('kept')
  })

  test.each(['1.27.0', '1.100.3', '2.0', 'devel'])(
    'a version that is not known yet, and is taken for the newest: %s',
    (version) => {
      const found = detect({ parameterStatus: { 'pgbouncer.version': version } })
      expect(found?.profile.label).toBe('PgBouncer 1.26, transaction mode')
      expect(found?.because).toContain(version)
    },
  )

  test('more than the URL', () => {
    const found = detect({
      parameterStatus: status,
      url: 'postgres://ep-a-pooler.b.neon.tech/app',
      backendPid: 1,
      processId: 1,
    })
    expect(found?.profile.name).toBe('pgbouncer')
  })
})

describe('process ids tell', () => {
  test('that there is a pooler, and not which', () => {
    expect(detect({ backendPid: 32_265, processId: 562_255_160 })).toMatchObject({
      profile: { name: 'strictest' },
      certainty: 'possible',
    })
  })

  test('that there is none', () => {
    expect(detect({ backendPid: 7, processId: 7, parameterStatus: { server_version: '18.0' } })).toMatchObject({
      profile: { name: 'direct' },
      certainty: 'likely',
    })
  })

  test('less than the URL', () => {
    expect(detect({ backendPid: 7, processId: 7, url: 'postgres://localhost:6432/app' })?.profile.name).toBe(
      'pgbouncer',
    )
  })

  test('nothing alone', () => {
    expect(detect({ backendPid: 7 })).toBeUndefined()
    expect(detect({ processId: 7 })).toBeUndefined()
    expect(detect({})).toBeUndefined()
  })
})

test.each<[string, unknown, string]>([
  ['a fact that does not exist', { connectionString: secret }, "got 'connectionString'"],
  [
    'a URL that is no text',
    { url: new URL(`postgres://user:${secret}@localhost/app`) },
    'poolers.detect(): url must be a text; got an object',
  ],
  ['no facts', undefined, 'must be an object with the options url'],
])('%s is refused', (_name, facts, message) => {
  const call = (): unknown => detect(facts as never)
  expect(call).toThrow(InvalidOptionError)
  expect(call).toThrow(message)
  expect(call).not.toThrow(secret)
})
