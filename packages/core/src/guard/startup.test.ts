import { engineOf } from './brand.ts'
import { describe, expect, test } from 'vitest'
import { UnsafeStatementError } from './unsafe-statement-error.ts'
import * as poolers from '../poolers/all.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { FindingEvent } from './events.ts'
import { createGuard } from './guard.ts'

/** The parameters found, with what becomes of them. */
function judged(pooler: PoolerProfile, parameters: Readonly<Record<string, unknown>>): string[] {
  const seen: FindingEvent[] = []
  const guard = createGuard({ pooler, logger: { warn() {} } })
  guard.on('finding', (event) => void seen.push(event))
  engineOf(guard).refuseLogin(parameters, '', judged)
  return seen.map(({ findings: [{ message, outcome, rule }] }) => {
    expect(rule).toBe('connection/startup-parameter')
    return `${/parameter (\S+(?: \(in options\))?)/.exec(message)?.[1]}: ${outcome}`
  })
}

const timeouts = {
  user: 'app',
  database: 'shop',
  application_name: 'web',
  statement_timeout: '5000',
  lock_timeout: '1000',
}

describe('startup parameters', () => {
  test.each<[string, PoolerProfile, Readonly<Record<string, unknown>>, string[]]>([
    ['direct', poolers.direct(), { ...timeouts, options: '-c search_path=a', replication: 'database' }, []],
    ['Pgpool-II', poolers.pgpool(), timeouts, []],
    ['PgDog', poolers.pgdog(), timeouts, []],
    ['RDS Proxy', poolers.rdsProxy(), timeouts, ['statement_timeout: rejected', 'lock_timeout: rejected']],
    ['RDS Proxy', poolers.rdsProxy(), { client_encoding: 'UTF8', application_name: 'a', DateStyle: 'ISO' }, []],
    ['strictest', poolers.strictest(), timeouts, ['statement_timeout: rejected', 'lock_timeout: rejected']],
    ['Supavisor', poolers.supavisor(), timeouts, ['statement_timeout: ignored', 'lock_timeout: ignored']],
    [
      'Supavisor',
      poolers.supavisor(),
      { options: '-c search_path=a -c work_mem=1MB' },
      ['work_mem (in options): ignored'],
    ],
    ['Supabase, session', poolers.supabase({ connection: 'session' }), { lock_timeout: 1 }, ['lock_timeout: ignored']],
    ['pgcat', poolers.pgcat(), { lock_timeout: '1' }, ['lock_timeout: ignored']],
    ['Odyssey', poolers.odyssey(), { ...timeouts, options: '-c app.org=7' }, ['app.org (in options): ignored']],
    ['Odyssey, no discard', poolers.odyssey({ discard: false }), { lock_timeout: '1' }, ['lock_timeout: leaks']],
    [
      'PgBouncer 1.18',
      poolers.pgbouncer({ version: '1.18' }),
      timeouts,
      ['statement_timeout: rejected', 'lock_timeout: rejected'],
    ],
    [
      'PgBouncer 1.18',
      poolers.pgbouncer({ version: '1.18' }),
      { options: '-c TimeZone=UTC --lock-timeout=5' },
      ['options: rejected', 'lock_timeout (in options): rejected'],
    ],
    [
      'PgBouncer 1.24',
      poolers.pgbouncer({ version: '1.24' }),
      { options: '-cTimeZone=UTC -c search_path=a --lock-timeout=5' },
      ['search_path (in options): rejected', 'lock_timeout (in options): rejected'],
    ],
    [
      'PgBouncer 1.24, tracking what the server does not report',
      poolers.pgbouncer({ version: '1.24', trackExtraParameters: ['statement_timeout'] }),
      timeouts,
      ['statement_timeout: ignored', 'lock_timeout: rejected'],
    ],
    [
      'PgBouncer 1.24, tracking search_path',
      poolers.pgbouncer({ version: '1.24', serverVersion: 18, trackExtraParameters: ['search_path'] }),
      { options: '-c search_path=a' },
      [],
    ],
    [
      'PgBouncer 1.26, tracking anything',
      poolers.pgbouncer({ version: '1.26', trackExtraParameters: ['statement_timeout', 'app.org'] }),
      { ...timeouts, options: '-c app.org=7 -c search_path=a' },
      ['lock_timeout: rejected'],
    ],
    [
      'PgBouncer, ignoring',
      poolers.pgbouncer({ version: '1.18', ignoreStartupParameters: ['options', 'Statement_Timeout'] }),
      { ...timeouts, options: '' },
      ['statement_timeout: ignored', 'lock_timeout: rejected', 'options: ignored'],
    ],
    ['PgBouncer 1.18', poolers.pgbouncer(), { replication: 'database' }, ['replication: rejected']],
    ['PgBouncer 1.23', poolers.pgbouncer({ version: '1.23' }), { replication: 'database' }, []],
    ['PgDog', poolers.pgdog(), { replication: 'true' }, ['replication: ignored']],
  ])('behind %s are found as they fare (%#)', (_name, pooler, parameters, expected) => {
    expect(judged(pooler, parameters)).toEqual(expected)
  })

  test('are told once, without a value, and refused in strict mode', () => {
    const warnings: string[] = []
    const warning = createGuard({ logger: { warn: (message) => void warnings.push(message) } })
    const parameters = { statement_timeout: '54321', options: '-c app.key=secret' }
    for (let round = 0; round < 2; round++)
      expect(engineOf(warning).refuseLogin(parameters, '', judged)).toBeUndefined()
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toContain('sent       with the login of each connection: poolsafe only warns')
    const error = engineOf(createGuard({ mode: 'strict' })).refuseLogin(parameters, '', judged)
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(error).toMatchObject({ rule: 'connection/startup-parameter', outcome: 'rejected', statement: '' })
    expect(error?.message).toContain('poolsafe opens no connection with it')
    expect(`${warnings.join()}${error?.message}`).not.toMatch(/54321|secret/)
  })

  test('are allowed by their rule', () => {
    const guard = createGuard({ mode: 'strict', rules: { 'connection/startup-parameter': 'allow' } })
    expect(engineOf(guard).refuseLogin({ statement_timeout: '1' }, '', judged)).toBeUndefined()
  })
})
