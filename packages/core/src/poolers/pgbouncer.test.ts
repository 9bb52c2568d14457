import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { direct } from './direct.ts'
import { pgbouncer, type PgBouncerOptions } from './pgbouncer.ts'
import { strictest } from './strictest.ts'

/** PostgreSQL itself closes them when a transaction ends, whatever is in front of it. */
const closed = 'large-object-descriptor'

const always = ['application_name', 'client_encoding', 'datestyle', 'standard_conforming_strings', 'timezone']
const with20 = [...always, 'intervalstyle']
const with26 = [...with20, 'session_authorization']

function tracked(options: PgBouncerOptions): string[] {
  return [...pgbouncer(options).trackedSettings].toSorted()
}

describe('the settings that PgBouncer tracks', () => {
  const searchPath = ['search_path']
  test.each<[PgBouncerOptions, string[]]>([
    [{}, always],
    [{ version: '1.18' }, always],
    [{ version: '1.19' }, always],
    [{ version: '1.18', serverVersion: 18, trackExtraParameters: searchPath }, always],
    [{ version: '1.20' }, with20],
    [{ version: '1.24', serverVersion: 18 }, with20],
    [{ version: '1.25.2', serverVersion: 18 }, with20],
    [{ version: '1.24', serverVersion: 18, trackExtraParameters: searchPath }, [...always, 'search_path']],
    [{ version: '1.24', serverVersion: 17, trackExtraParameters: searchPath }, always],
    [
      { version: '1.24', serverVersion: 18, trackExtraParameters: ['IntervalStyle', 'Search_Path'] },
      [...with20, 'search_path'],
    ],
    [{ version: '1.24', serverVersion: 18, trackExtraParameters: [] }, always],
    [{ version: '1.24', serverVersion: 18, trackExtraParameters: ['statement_timeout', 'role', 'app.tenant'] }, always],
    [
      { version: '1.24', serverVersion: 14, trackExtraParameters: ['default_transaction_read_only'] },
      [...always, 'default_transaction_read_only'],
    ],
    [{ version: '1.24', serverVersion: 13, trackExtraParameters: ['default_transaction_read_only'] }, always],
    [{ version: '1.26' }, with26],
    [{ version: '1.26', serverVersion: 13 }, with26],
    [{ version: '1.26', serverVersion: 14 }, [...with26, 'default_transaction_read_only']],
    [{ version: '1.26', serverVersion: 16 }, [...with26, 'default_transaction_read_only', 'scram_iterations']],
    [{ version: '1.26', serverVersion: 17 }, [...with26, 'default_transaction_read_only', 'scram_iterations']],
    [
      { version: '1.26.1', serverVersion: 18 },
      [...with26, 'default_transaction_read_only', 'scram_iterations', 'search_path'],
    ],
    [{ version: '1.26', serverVersion: 13, trackExtraParameters: ['TimeZone'] }, with26],
    [{ version: '1.26', serverVersion: 13, trackExtraParameters: ['is_superuser'] }, [...with26, 'is_superuser']],
  ])('with %j', (options, names) => {
    expect(tracked(options)).toEqual(names.toSorted())
  })

  test.each(['1.18', '1.24', '1.26'])('never hold what the server does not report: %s', (version) => {
    const profile = pgbouncer({ version, serverVersion: 18 })
    for (const name of [
      'role',
      'statement_timeout',
      'lock_timeout',
      'work_mem',
      'default_transaction_isolation',
      'app.tenant',
    ]) {
      expect(profile.trackedSettings).not.toContain(name)
    }
  })
})

describe('the names of statements that PgBouncer tracks', () => {
  test.each<[PgBouncerOptions, 'leaks' | 'tracked']>([
    [{}, 'leaks'],
    [{ version: '1.18' }, 'leaks'],
    [{ version: '1.18', maxPreparedStatements: 200 }, 'leaks'],
    [{ version: '1.20', maxPreparedStatements: 200 }, 'leaks'],
    [{ version: '1.21' }, 'leaks'],
    [{ version: '1.21', maxPreparedStatements: 1 }, 'tracked'],
    [{ version: '1.23' }, 'leaks'],
    [{ version: '1.23', maxPreparedStatements: 200 }, 'tracked'],
    [{ version: '1.24' }, 'tracked'],
    [{ version: '1.24', maxPreparedStatements: 0 }, 'leaks'],
    [{ version: '1.26' }, 'tracked'],
    [{ version: '1.26', maxPreparedStatements: 0 }, 'leaks'],
  ])('with %j: %s', (options, carried) => {
    expect(pgbouncer(options).carries['named-statement']).toBe(carried)
  })
})

test.each(['1.18', '1.21', '1.24', '1.26'])('PgBouncer %s leaks every other kind of session state', (version) => {
  const {
    'startup-parameter': _startup,
    [closed]: _descriptors,
    'named-statement': _named,
    'session-authorization': _authorization,
    ...others
  } = pgbouncer({ version }).carries
  expect(new Set(Object.values(others))).toEqual(new Set(['leaks']))
})

test('a profile says what it is in words', () => {
  expect(pgbouncer({ version: '1.24.1' }).label).toBe('PgBouncer 1.24.1, transaction mode')
  expect(pgbouncer().label).toContain('version not given')
})

test.each<[string, unknown, string]>([
  ['a version that does not exist yet', { version: '1.99' }, "got '1.99'"],
  ['a version that is too old', { version: '1.17' }, "got '1.17'"],
  [
    'a version that is too new',
    { version: '1.27' },
    "version must be a known version, '1.18' to '1.26'; for a newer PgBouncer pass '1.26'; got '1.27'",
  ],
  ['a version of something else', { version: '2.24' }, "'1.18' to '1.26'"],
  ['a version that is a number', { version: 1.24 }, 'got 1.24'],
  ['a version with words', { version: 'PgBouncer 1.24' }, 'version must be'],
  [
    'a server version that is a string',
    { serverVersion: '18' },
    "serverVersion must be a whole number of at least 9; got '18'",
  ],
  ['a server version with a fraction', { serverVersion: 18.1 }, 'got 18.1'],
  [
    'a number of statements below none',
    { maxPreparedStatements: -1 },
    'maxPreparedStatements must be a whole number of at least 0; got -1',
  ],
  ['no number of statements', { maxPreparedStatements: NaN }, 'got NaN'],
  [
    'extra parameters as one text',
    { trackExtraParameters: 'search_path' },
    "trackExtraParameters must be a list of names, such as ['search_path']; got 'search_path'",
  ],
  ['a version that is null', { version: null }, 'got null'],
  ['a server version that is null', { serverVersion: null }, 'got null'],
  [
    'a switch that is neither on nor off',
    { serverResetQueryAlways: 1 },
    'serverResetQueryAlways must be true or false; got 1',
  ],
  ['extra parameters that are no names', { trackExtraParameters: [1] }, 'got an array'],
  ['an option that does not exist', { poolMode: 'transaction' }, "got 'poolMode'"],
  [
    'no object',
    '1.24',
    "poolers.pgbouncer() must be an object with the options version, serverVersion, maxPreparedStatements, trackExtraParameters, ignoreStartupParameters, serverResetQueryAlways; got '1.24'",
  ],
])('%s is refused', (_name, options, message) => {
  const make = (): unknown => pgbouncer(options as PgBouncerOptions)
  expect(make).toThrow(InvalidOptionError)
  expect(make).toThrow(message)
})

test('the strictest profile carries nothing', () => {
  const { 'startup-parameter': startup, [closed]: ofDescriptors, ...others } = strictest().carries
  expect(new Set(Object.values(others))).toEqual(new Set(['leaks']))
  expect(startup).toBe('rejected')
  expect(ofDescriptors).toBe('wiped')
  expect(strictest().trackedSettings.size).toBe(0)
})

test('a direct connection keeps everything but a transaction that is given back, and the descriptors of large objects', () => {
  const { transaction, [closed]: ofDescriptors, ...others } = direct().carries
  expect([transaction, ofDescriptors]).toEqual(['leaks', 'wiped'])
  expect(new Set(Object.values(others))).toEqual(new Set(['kept']))
})
