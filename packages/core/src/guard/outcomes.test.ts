import { engineOf } from './brand.ts'
import { expect, test } from 'vitest'
import { UnsafeStatementError } from './unsafe-statement-error.ts'
import { hyperdrive, odyssey, pgcat, pgdog, rdsProxy, supavisor } from '../poolers/all.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import { createGuard, type Guard } from './guard.ts'

test.each<[string, PoolerProfile, string, string]>([
  [
    'wiped',
    odyssey(),
    'SET work_mem = 1',
    'SET work_mem is removed from the server connection when its transaction ends',
  ],
  [
    'wiped',
    odyssey(),
    'SELECT lastval()',
    'lastval needs state that is gone from the server connection once a transaction has ended',
  ],
  [
    'ineffective',
    odyssey(),
    'RESET work_mem',
    'RESET work_mem has nothing to clear: the pooler removes this state when a transaction ends',
  ],
  ['ineffective', odyssey(), 'SET LOCAL work_mem = 1', 'SET LOCAL work_mem has no effect outside a transaction'],
  ['rejected', pgdog(), 'LISTEN a', 'LISTEN a is refused by the pooler'],
  [
    'ignored',
    pgdog(),
    'SET client_encoding = utf8',
    'SET client_encoding is ignored by the pooler, which reports success',
  ],
  [
    'ignored',
    pgdog({ queryParser: 'on' }),
    'DISCARD ALL',
    'DISCARD ALL is ignored by the pooler, which reports success',
  ],
  [
    'leaks',
    pgdog(),
    "SELECT set_config('a.b', 'c', false)",
    'set_config(…, false) stays on a server connection that other clients use next',
  ],
  [
    'leaks',
    pgcat(),
    "SELECT set_config('a.b', 'c', false)",
    'set_config(…, false) stays on a server connection that other clients use next',
  ],
  ['rejected', hyperdrive(), 'DISCARD ALL', 'DISCARD ALL is refused by the pooler'],
  [
    'leaks',
    supavisor(),
    "SET TimeZone = 'UTC'",
    'SET timezone stays on a server connection that other clients use next',
  ],
  [
    'pinned',
    rdsProxy(),
    'SET a.b = 1',
    'SET a.b makes the pooler reserve a server connection for this client until it disconnects',
  ],
  [
    'pinned',
    rdsProxy(),
    'RESET a.b',
    'RESET a.b works, on the server connection that the pooler reserves for this client',
  ],
])('a finding says what becomes of it (%s): %#', (outcome, pooler, sql, message) => {
  expect(createGuard({ pooler }).inspect(sql).findings).toMatchObject([{ outcome, message }])
})

test.each([
  ['pgdog', pgdog(), 'SET work_mem = 1'],
  ['pgcat', pgcat(), "SELECT set_config('TimeZone', 'UTC', false)"],
])('what is restored is no finding: %s', (_name, pooler, sql) => {
  expect(createGuard({ pooler }).inspect(sql).findings).toEqual([])
})

test('a pooler that pins cannot help a connection that the application hands on', () => {
  expect(createGuard({ pooler: rdsProxy() }).inspect('SET a.b = 1', { pinned: false }).findings).toMatchObject([
    { outcome: 'leaks' },
  ])
})

function refuse(guard: Guard, sql: string): Error | undefined {
  return engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true }, refuse)
}

test('a pinned connection is a cost, which only an explicit rule reports', () => {
  const logged: string[] = []
  const options = { pooler: rdsProxy(), logger: { warn: (message: string) => void logged.push(message) } }
  expect(refuse(createGuard({ ...options, mode: 'strict' }), 'SET a.b = 1')).toBeUndefined()
  expect(refuse(createGuard(options), 'SET a.b = 1')).toBeUndefined()
  expect(logged).toEqual([])
  expect(refuse(createGuard({ ...options, rules: { 'session/set': 'throw' } }), 'SET a.b = 1')).toBeInstanceOf(
    UnsafeStatementError,
  )
  expect(refuse(createGuard({ ...options, rules: { 'session/set': 'warn' } }), 'SET a.b = 1')).toBeUndefined()
  expect(logged).toHaveLength(1)
})
