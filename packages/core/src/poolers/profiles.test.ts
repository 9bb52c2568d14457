import { describe, expect, test } from 'vitest'
import type { SessionState } from '../rules/effect.ts'
import { InvalidOptionError } from '../errors.ts'
import * as all from './all.ts'
import type { Carried, PoolerProfile } from './profile.ts'

const factories = all
const states = Object.keys(all.strictest().carries) as SessionState[]

/** The kinds of which the matrix has a row of its own, in its order. */
const rows = [
  'setting',
  'role',
  'session-authorization',
  'sql-prepared-statement',
  'named-statement',
  'listen',
  'temp-object',
  'advisory-lock',
  'held-cursor',
  'sequence-value',
  'random-seed',
  'library',
] as const satisfies readonly SessionState[]

const letters: Readonly<Record<string, Carried>> = {
  K: 'kept',
  T: 'tracked',
  P: 'pinned',
  L: 'leaks',
  W: 'wiped',
  R: 'rejected',
  I: 'ignored',
}

describe('a profile is the column of the matrix', () => {
  test.each<[string, PoolerProfile, string]>([
    ['strictest', all.strictest(), 'LLLLLLLLLLLL'],
    ['direct', all.direct(), 'KKKKKKKKKKKK'],
    ['PgBouncer 1.18', all.pgbouncer({ version: '1.18' }), 'LLLLLLLLLLLL'],
    ['PgBouncer 1.24', all.pgbouncer({ version: '1.24' }), 'LLLLTLLLLLLL'],
    ['PgBouncer 1.26', all.pgbouncer({ version: '1.26' }), 'LLTLTLLLLLLL'],
    ['PgBouncer 1.18, rqa', all.pgbouncer({ version: '1.18', serverResetQueryAlways: true }), 'WWWWWWWWWWLL'],
    ['PgBouncer 1.26, rqa', all.pgbouncer({ version: '1.26', serverResetQueryAlways: true }), 'WWTWTWWWWWLL'],
    ['Odyssey', all.odyssey(), 'WWWLTWWWWWLL'],
    ['Odyssey, pool_discard no', all.odyssey({ discard: false }), 'LLLLTLLLLLLL'],
    ['Pgpool', all.pgpool(), 'KKKKKKKKKKLL'],
    ['PgDog', all.pgdog(), 'TLILTRLLLLLL'],
    ['PgDog, parser off', all.pgdog({ queryParser: 'off' }), 'LLLLTLLLLLLL'],
    ['PgDog, locks', all.pgdog({ queryParser: 'session_control_and_locks' }), 'TLILTRLPLLLL'],
    ['PgDog, all on', all.pgdog({ queryParser: 'on', preparedStatements: 'full', pubSub: true }), 'TLITTTLPLLLL'],
    ['PgDog, full', all.pgdog({ preparedStatements: 'full' }), 'TLITTRLPLLLL'],
    [
      'PgDog, full, not parsed',
      all.pgdog({ preparedStatements: 'full', queryParser: 'session_control' }),
      'TLILTRLLLLLL',
    ],
    ['PgDog, no statements', all.pgdog({ preparedStatements: 'disabled' }), 'TLILLRLLLLLL'],
    ['pgcat', all.pgcat(), 'WWLWLLLLLLLL'],
    ['pgcat, cache', all.pgcat({ preparedStatementsCacheSize: 100 }), 'WWLWTLLLLLLL'],
    ['Supavisor', all.supavisor(), 'LLLLLLLLLLLL'],
    ['Supavisor, flag', all.supavisor({ namedPreparedStatements: true }), 'LLLRTLLLLLLL'],
    ['RDS Proxy', all.rdsProxy(), 'PPPPPPPPPPLP'],
    ['Hyperdrive', all.hyperdrive(), 'WWWRTLLLLLLL'],
    ['Supabase', all.supabase(), 'LLLLLLLLLLLL'],
    ['Supabase, session', all.supabase({ connection: 'session' }), 'KKKKKKKKKKKK'],
    [
      'Supabase, dedicated',
      all.supabase({ connection: 'dedicated', maxPreparedStatements: 200, version: '1.21' }),
      'LLLLTLLLLLLL',
    ],
    ['Supabase, direct', all.supabase({ connection: 'direct' }), 'KKKKKKKKKKKK'],
    ['Neon', all.neon(), 'LLLLTLLLLLLL'],
    ['Neon, without names', all.neon({ maxPreparedStatements: 0 }), 'LLLLLLLLLLLL'],
    ['Neon, direct', all.neon({ connection: 'direct' }), 'KKKKKKKKKKKK'],
    ['Prisma Postgres', all.prismaPostgres({ version: '1.24' }), 'LLLLTLLLLLLL'],
    ['Prisma Postgres, direct', all.prismaPostgres({ connection: 'direct' }), 'KKKKKKKKKKKK'],
  ])('%s', (_name, { carries }, column) => {
    expect(rows.map((state) => carries[state])).toEqual(column.split('').map((letter) => letters[letter]))
    expect(carries.transaction).toBe('leaks')
  })
})

test.each(Object.entries(factories))('every cell of %s has a source', (_name, make) => {
  const { sources = {}, carries, label } = make()
  expect(Object.keys(sources).toSorted()).toEqual(Object.keys(carries).toSorted())
  expect(Object.keys(carries).toSorted()).toEqual(states.toSorted())
  for (const source of Object.values(sources)) expect(source).not.toBe('')
  expect(label).not.toBe('')
})

test('the settings that are restored are those of the matrix', () => {
  const always = ['application_name', 'client_encoding', 'datestyle', 'standard_conforming_strings', 'timezone']
  const tracked = ({ trackedSettings }: PoolerProfile): string[] => [...trackedSettings].toSorted()
  expect(tracked(all.pgcat())).toEqual(always)
  expect(tracked(all.odyssey())).toEqual(always)
  expect(tracked(all.odyssey({ serverVersion: 18 }))).toEqual([...always, 'default_transaction_read_only'].toSorted())
  expect(tracked(all.odyssey({ serverVersion: 18, smartSearchPathEnquoting: true }))).toContain('search_path')
  expect(tracked(all.odyssey({ discard: false, serverVersion: 18 }))).toEqual(['client_encoding'])
  for (const profile of [all.supavisor(), all.rdsProxy(), all.hyperdrive(), all.supabase()])
    expect(tracked(profile)).toEqual([])
})

describe('an option that a pooler does not have is refused', () => {
  test.each<[string, () => unknown, string]>([
    [
      'odyssey',
      () => all.odyssey({ discard: 'yes' as never }),
      "poolers.odyssey(): discard must be true or false; got 'yes'",
    ],
    [
      'odyssey',
      () => all.odyssey({ serverVersion: 1.5 }),
      'serverVersion must be a whole number of at least 9; got 1.5',
    ],
    ['odyssey', () => all.odyssey({ smart: true } as never), "got 'smart'"],
    ['odyssey', () => all.odyssey({ smartSearchPathEnquoting: 0 as never }), 'got 0'],
    ['pgdog', () => all.pgdog({ queryParser: 'yes' as never }), "one of 'off', 'auto', 'session_control'"],
    [
      'pgdog',
      () => all.pgdog({ preparedStatements: true as never }),
      "one of 'disabled', 'extended', 'full'; got true",
    ],
    ['pgdog', () => all.pgdog({ pubSub: 4096 as never }), 'poolers.pgdog(): pubSub must be true or false; got 4096'],
    ['pgcat', () => all.pgcat({ preparedStatementsCacheSize: -1 }), 'got -1'],
    ['supavisor', () => all.supavisor({ namedPreparedStatements: null as never }), 'got null'],
    [
      'supabase',
      () => all.supabase({ connection: 'pooled' as never }),
      "one of 'shared', 'session', 'dedicated', 'direct'; got 'pooled'",
    ],
    ['supabase', () => all.supabase({ connection: 'shared', version: '1.24' } as never), "got 'version'"],
    [
      'supabase',
      () => all.supabase({ connection: 'dedicated', version: '2.0' }),
      'poolers.supabase(): version must be',
    ],
    ['supabase', () => all.supabase({ connection: 'direct', version: '1.24' } as never), "with connection 'direct'"],
    ['neon', () => all.neon({ version: '1.7' }), 'poolers.neon(): version must be'],
    ['neon', () => all.neon({ connection: 'direct', version: '1.24' } as never), "one of connection; got 'version'"],
    [
      'prismaPostgres',
      () => all.prismaPostgres({ connection: 'session' as never }),
      "one of 'pooled', 'direct'; got 'session'",
    ],
  ])('%s: %#', (_name, make, message) => {
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })
})
