import { describe, expect, test } from 'vitest'
import * as poolers from './all.ts'
import { contradictionOf } from './contradiction.ts'
import type { PoolerFacts } from './detect.ts'
import type { PoolerProfile } from './profile.ts'

/** Returns the facts that PgBouncer 1.26 reports at login. */
function login(more: Readonly<Record<string, string>> = {}): PoolerFacts {
  const status = {
    'pgbouncer.version': '1.26.1',
    'pgbouncer.pool_mode': 'transaction',
    'pgbouncer.max_prepared_statements': '200',
  }
  return { parameterStatus: { server_version: '18.4', ...status, ...more } }
}

const url = (host: string): PoolerFacts => ({ url: `postgresql://app:geheim@${host}/shop` })
const shared = url('aws-0.pooler.supabase.com:6543')
const newest = poolers.pgbouncer({ version: '1.26', serverVersion: 18 })

describe('a profile does not fit', () => {
  test.each<[string, PoolerProfile, PoolerFacts, string]>([
    ['no pooler, but PgBouncer', poolers.direct(), login(), 'it says mode session, not mode transaction'],
    ['another version', poolers.pgbouncer({ version: '1.24' }), login(), 'it says version 1.24, not version 1.26'],
    [
      'its default of named statements',
      newest,
      login({ 'pgbouncer.max_prepared_statements': '0' }),
      'max_prepared_statements 200, not max_prepared_statements 0',
    ],
    [
      'another server',
      poolers.pgbouncer({ serverVersion: 17 }),
      login(),
      'server PostgreSQL 17, not server PostgreSQL 18',
    ],
    [
      'several things',
      poolers.pgbouncer({ version: '1.21', maxPreparedStatements: 50 }),
      login(),
      'it says version 1.21 and max_prepared_statements 50, not version 1.26 and max_prepared_statements 200, while at login the pooler says that it is PgBouncer 1.26.1 in transaction mode',
    ],
    ['Odyssey, but PgBouncer', poolers.odyssey(), login(), 'it says pooler Odyssey, not pooler PgBouncer'],
    ['Neon, of another version', poolers.neon({ version: '1.24' }), login(), 'version 1.24, not version 1.26'],
    [
      'no pooler, but a pooled host',
      poolers.direct(),
      shared,
      'it says mode session, not mode transaction, while the host is Supabase’s',
    ],
    ['PgBouncer, but Supavisor', poolers.pgbouncer(), shared, 'it says pooler PgBouncer, not pooler Supavisor'],
    [
      'no pooler, but RDS Proxy',
      poolers.direct(),
      url('a.proxy-b.eu-west-1.rds.amazonaws.com'),
      'while the host is an Amazon RDS Proxy',
    ],
    [
      'no pooler, but the parameter',
      poolers.direct(),
      { url: 'postgresql://localhost/shop?pgbouncer=true' },
      'mode session, not mode',
    ],
  ])('%s', (_name, profile, facts, difference) => {
    expect(contradictionOf(profile, facts)).toContain(difference)
    expect(contradictionOf(profile, facts)).not.toMatch(/geheim|shop|supabase\.com|neon\.tech/)
  })
})

describe('a profile fits', () => {
  test.each<[string, PoolerProfile, PoolerFacts]>([
    ['what is said', newest, login()],
    ['a newer version than is known', newest, login({ 'pgbouncer.version': '1.99.0' })],
    ['a version that is not given', poolers.pgbouncer(), login()],
    ['whatever is there, claiming nothing', poolers.strictest(), login()],
    ['a host of any kind, claiming nothing', poolers.strictest(), shared],
    ['a pooler in session mode, for no pooler', poolers.direct(), login({ 'pgbouncer.pool_mode': 'session' })],
    ['a service on PgBouncer', poolers.neon(), login()],
    [
      'a pooler in session mode, watched as one in transaction mode',
      newest,
      login({ 'pgbouncer.pool_mode': 'session' }),
    ],
    ['the direct host of a pooled service', poolers.neon(), url('ep-x.eu.aws.neon.tech')],
    ['the URL of its service', poolers.supabase(), shared],
    ['the pooler of that service', poolers.supavisor(), shared],
    ['a pooler with Prisma’s parameter', poolers.supavisor(), { url: 'postgresql://db.example/shop?pgbouncer=true' }],
    ['a port that others use', poolers.direct(), url('db.example:6432')],
    ['a URL that tells nothing', poolers.pgbouncer({ version: '1.24' }), url('localhost:5432')],
    [
      'a login that tells nothing',
      poolers.pgbouncer({ version: '1.24', serverVersion: 13 }),
      { parameterStatus: { server_version: '18.4' } },
    ],
    ['what is no URL', poolers.direct(), { url: '/run/postgresql' }],
  ])('%s', (_name, profile, facts) => {
    expect(contradictionOf(profile, facts)).toBeUndefined()
  })
})

test('every transaction pooler claims its mode, in whatever form', () => {
  const { strictest: _strictest, ...factories } = poolers
  for (const make of Object.values(factories)) expect(make().claims?.mode).toMatch(/^(transaction|session)$/)
})
