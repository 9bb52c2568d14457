import { afterEach, describe, expect, it } from 'vitest'
import { engineOf } from './brand.ts'
import type { Call } from './call.ts'
import type { Engine } from './engine.ts'
import { createGuard } from './guard.ts'
import type { GuardOptions } from './options.ts'
import { pgbouncer } from '../poolers/pgbouncer.ts'
import { strictness } from './strict.ts'

const held: Call = { pinned: true, canMove: true }

function engine(options: GuardOptions = {}): Engine {
  return engineOf(createGuard({ pooler: pgbouncer({ version: '1.26' }), ...options }))
}

function movedBy(sql: string, options?: GuardOptions, call: Call = held): readonly string[] | undefined {
  const guard = engine(options)
  return guard.remedy(sql, guard.analyze(sql), call)?.move?.rules
}

describe('a checkout moves', () => {
  it.each([
    ['SET work_mem = 65536', 'session/set'],
    ['LISTEN news', 'session/listen'],
    ['SELECT pg_advisory_lock(1)', 'session/advisory-lock'],
    ['CREATE TEMP TABLE t (id int)', 'session/temp-object'],
    ['BEGIN; SET work_mem = 65536', 'session/set'],
    ['PREPARE p AS SELECT 1', 'session/prepared-statement'],
  ])('before %s', (sql, rule) => {
    expect(movedBy(sql)).toEqual([rule])
  })

  it.each(['warn', 'repair', 'strict'] as const)('in mode %s', (mode) => {
    expect(movedBy('LISTEN news', { mode })).toEqual(['session/listen'])
  })

  it.each(['direct', 'repair'] as const)('for a rule with the policy %s', (policy) => {
    expect(movedBy('LISTEN news', { rules: { 'session/listen': policy } })).toEqual(['session/listen'])
  })
})

describe('a checkout stays', () => {
  it.each([
    ['SELECT 1', 'nothing needs a session'],
    ['BEGIN', 'a transaction begins'],
    ['BEGIN; SET work_mem = 65536; ROLLBACK', 'nothing is left'],
    ['SET LOCAL work_mem = 65536', 'it does nothing on a direct connection either'],
    ['SELECT * FROM pg_temp.t', 'it is about a table of the connection that the client has now'],
    ['SELECT /* poolsafe-allow session/advisory-lock: one client */ pg_advisory_lock(1)', 'a comment allows it'],
  ])('before %s: %s', (sql) => {
    expect(movedBy(sql)).toBeUndefined()
  })

  it.each(['allow', 'warn', 'throw'] as const)('for a rule with the policy %s', (policy) => {
    expect(movedBy('LISTEN news', { rules: { 'session/listen': policy } })).toBeUndefined()
  })

  it('if it cannot move', () => {
    expect(movedBy('LISTEN news', {}, { pinned: true })).toBeUndefined()
  })

  it('if an exception of the options allows the finding', () => {
    const exceptions = [{ rule: 'session/listen', reason: 'one client' }] as const
    expect(movedBy('LISTEN news', { exceptions })).toBeUndefined()
  })

  it('inside guard.allow()', () => {
    const guard = createGuard()
    const parts = engineOf(guard)
    const sql = 'LISTEN news'
    const remedy = guard.allow('session/listen', 'one client', () => parts.remedy(sql, parts.analyze(sql), held))
    expect(remedy).toBeUndefined()
  })

  describe('in a test', () => {
    afterEach(() => void (strictness.current = undefined))

    it('that has an exception for the rule', () => {
      strictness.current = { onFinding() {}, allows: (rule) => rule === 'session/listen' }
      expect(movedBy('LISTEN news')).toBeUndefined()
    })
  })
})

describe('a moved checkout', () => {
  it('is an event with its reason, the pools and the call site, and is counted', () => {
    const guard = createGuard()
    const parts = engineOf(guard)
    const events: unknown[] = []
    guard.on('moved', (event) => events.push(event))
    const sql = "SET app.secret = 'hidden'"
    const move = parts.remedy(sql, parts.analyze(sql), held)?.move
    if (move !== undefined) parts.moved(move, { pool: 'app', directPool: 'app direct' }, function query() {})
    const findings = [expect.objectContaining({ rule: 'session/set' })]
    expect(events).toEqual([
      expect.objectContaining({ findings, statement: 'SET app.secret = ?', pool: 'app', directPool: 'app direct' }),
    ])
    expect(guard.stats().movedFindings).toEqual({ 'session/set': 1 })
  })
})
