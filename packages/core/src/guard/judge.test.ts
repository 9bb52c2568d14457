import { describe, expect, test } from 'vitest'
import { harmless } from '../analyze/analysis.ts'
import { analyze } from '../analyze/analyze.ts'
import { direct } from '../poolers/direct.ts'
import { neon } from '../poolers/neon.ts'
import { pgbouncer } from '../poolers/pgbouncer.ts'
import { carriesAll, type Carried, type PoolerProfile } from '../poolers/profile.ts'
import { strictest } from '../poolers/strictest.ts'
import { supabase } from '../poolers/supabase.ts'
import { ruleById } from '../rules/index.ts'
import type { Context, Outcome } from './finding.ts'
import { docsOf, effectsOfCall, judge, judgeEffects } from './judge.ts'

const autocommit: Context = {}
const inTransaction: Context = { inTransaction: true }
const unpinned: Context = { pinned: false }
const pgBouncer118 = pgbouncer({ version: '1.18', serverVersion: 18 })
const pgBouncer124 = pgbouncer({ version: '1.24', serverVersion: 18 })
const pgBouncer126 = pgbouncer({ version: '1.26', serverVersion: 18 })

function outcomes(sql: string, pooler: PoolerProfile, context: Context = autocommit): Outcome[] {
  return judge(analyze(sql), pooler, context).map(({ outcome }) => outcome)
}

/**
 * The verdict of every transaction pooler without help on a statement: in autocommit, in a transaction, borrowed for
 * itself alone.
 */
type Verdicts = readonly [Outcome[], Outcome[], Outcome[]]

const leaks: Verdicts = [['leaks'], ['leaks'], ['leaks']]
const lost: Verdicts = [['lost'], ['lost'], ['lost']]
const lostOutside: Verdicts = [['lost'], [], ['lost']]
const ineffectiveOutside: Verdicts = [['ineffective'], [], ['ineffective']]
const none: Verdicts = [[], [], []]

const verdicts: readonly (readonly [string, Verdicts])[] = [
  ['SET work_mem = 1', leaks],
  ['RESET work_mem', lost],
  ['RESET ALL', lost],
  ['SET ROLE a', leaks],
  ['RESET ROLE', lost],
  ['SET SESSION AUTHORIZATION a', leaks],
  ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', leaks],
  ["SELECT set_config('a.b', 'c', false)", leaks],
  ['SELECT set_config($1, $2, $3)', leaks],
  ['PREPARE p AS SELECT 1', leaks],
  ['EXECUTE p', lost],
  ['DEALLOCATE p', lost],
  ['LISTEN a', leaks],
  ['UNLISTEN a', lost],
  ['CREATE TEMP TABLE t (a int)', leaks],
  ['SELECT * FROM pg_temp.t', lostOutside],
  ['SELECT pg_advisory_lock(1)', leaks],
  ['SELECT pg_advisory_unlock(1)', lost],
  ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', leaks],
  ['FETCH c', lostOutside],
  ['CLOSE c', lostOutside],
  ['SELECT lastval()', lostOutside],
  ['SELECT setseed(0.5)', leaks],
  ["LOAD 'a'", leaks],
  ['DISCARD ALL', lost],
  ['SET LOCAL work_mem = 1', ineffectiveOutside],
  ["SELECT set_config('a.b', 'c', true)", ineffectiveOutside],
  ['CREATE TEMP TABLE t (a int) ON COMMIT DROP', ineffectiveOutside],
  ['BEGIN', [[], [], ['leaks']]],
  ['COMMIT', none],
  ['SELECT 1', none],
]

describe.each([
  ['strictest', strictest()],
  ['PgBouncer 1.18', pgBouncer118],
  ['PgBouncer 1.24', pgBouncer124],
])('behind %s', (_name, pooler) => {
  test.each(verdicts)('%s', (sql, expected) => {
    expect([autocommit, inTransaction, unpinned].map((context) => outcomes(sql, pooler, context))).toEqual(expected)
  })
})

describe('behind no pooler', () => {
  test.each(verdicts)('the holder of the connection keeps its session: %s', (sql, [alone]) => {
    const ineffective = alone.filter((outcome) => outcome === 'ineffective')
    expect(outcomes(sql, direct())).toEqual(ineffective)
    expect(outcomes(sql, direct(), inTransaction)).toEqual([])
  })

  test.each(verdicts)(
    'the application’s own pool moves what is borrowed for one statement: %s',
    (sql, [, , borrowed]) => {
      expect(outcomes(sql, direct(), unpinned)).toEqual(borrowed)
    },
  )
})

describe('settings that PgBouncer tracks', () => {
  test.each([
    ["SET TimeZone = 'UTC'", [true, true, true]],
    ["SET TIME ZONE 'UTC'", [true, true, true]],
    ["SET NAMES 'utf8'", [true, true, true]],
    ["SET application_name = 'a'", [true, true, true]],
    ['SET DATESTYLE = ISO', [true, true, true]],
    ['RESET application_name', [true, true, true]],
    ["SELECT set_config('TimeZone', 'UTC', false)", [true, true, true]],
    ["SELECT set_config('TimeZone', 'UTC', $1)", [true, true, true]],
    ["SET IntervalStyle = 'iso_8601'", [false, true, true]],
    ['SET search_path = a', [false, false, true]],
    ["SET SCHEMA 'a'", [false, false, true]],
    ["SELECT set_config('search_path', 'a', false)", [false, false, true]],
    ['SET SESSION AUTHORIZATION a', [false, false, true]],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', [false, false, true]],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE', [false, false, false]],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE', [false, false, false]],
    ['SET ROLE a', [false, false, false]],
    ['SET work_mem = 1', [false, false, false]],
    ['RESET ALL', [false, false, false]],
    ["SELECT set_config($1, 'UTC', false)", [false, false, false]],
    ["SET TimeZone = 'UTC'; SET work_mem = 1", [false, false, false]],
  ] as const)('%s', (sql, isSafe) => {
    expect([pgBouncer118, pgBouncer124, pgBouncer126].map((pooler) => outcomes(sql, pooler).length === 0)).toEqual(
      isSafe,
    )
  })
})

test.each<[Carried, Outcome[], Outcome[], Outcome[]]>([
  ['kept', [], [], []],
  ['tracked', [], [], []],
  ['leaks', ['leaks'], ['lost'], ['lost']],
  ['pinned', ['pinned'], ['pinned'], ['pinned']],
  ['wiped', ['wiped'], ['wiped'], ['ineffective']],
  ['rejected', ['rejected'], ['rejected'], ['rejected']],
  ['ignored', ['ignored'], ['ignored'], ['ignored']],
])('a pooler that carries state as "%s" decides the outcome', (carried, leaves, needs, clears) => {
  const pooler: PoolerProfile = { name: 'one', label: 'one', carries: carriesAll(carried), trackedSettings: new Set() }
  expect(outcomes('PREPARE p AS SELECT 1', pooler)).toEqual(leaves)
  expect(outcomes('EXECUTE p', pooler)).toEqual(needs)
  expect(outcomes('DEALLOCATE p', pooler)).toEqual(clears)
  expect(outcomes('SET LOCAL a.b = 1', pooler)).toEqual(['ineffective'])
})

describe('calls that tell more than their text', () => {
  test('a named statement needs a pooler that tracks names', () => {
    const named: Context = { named: true }
    expect(
      [strictest(), pgBouncer118, pgBouncer124, direct()].map((pooler) => outcomes('SELECT 1', pooler, named)),
    ).toEqual([['leaks'], ['leaks'], [], []])
    expect(outcomes('SET work_mem = 1', strictest(), named)).toEqual(['leaks', 'leaks'])
  })

  test('a transaction that is given back leaks with and without a pooler', () => {
    for (const pooler of [strictest(), pgBouncer126, direct()]) {
      expect(judgeEffects(effectsOfCall('releasedInTransaction'), pooler, {}).map(({ rule }) => rule)).toEqual([
        'transaction/left-open',
      ])
    }
  })

  test('a text that cannot be judged is unknown behind a pooler', () => {
    const unknown = { ...harmless, undecided: 'too long' }
    expect(judge(unknown, strictest(), {}).map(({ outcome }) => outcome)).toEqual(['unknown'])
    expect(judge(unknown, direct(), {})).toEqual([])
  })
})

describe('a finding', () => {
  test('comes once for each rule of a text, in the order of the text', () => {
    const found = judge(analyze('LISTEN a; SET b.c = 1; LISTEN d; SET e.f = 2'), strictest(), {})
    expect(found.map(({ message }) => message.split(' ', 2).join(' '))).toEqual(['LISTEN a', 'SET b.c'])
  })

  test('carries the sentences of its rule, and where its page is', () => {
    const [finding] = judge(analyze('SET b.c = 1'), strictest(), {})
    expect(finding).toEqual({
      rule: 'session/set',
      outcome: 'leaks',
      message: 'SET b.c stays on a server connection that other clients use next',
      why: ruleById['session/set'].why,
      instead: ruleById['session/set'].instead,
      helpers: (ruleById['session/set'].helpers ?? [])
        .filter(({ only }) => only === undefined)
        .map(({ helper }) => helper),
      docs: 'docs/rules/session-set.md',
    })
    expect(docsOf('transaction/set-local')).toBe('docs/rules/transaction-set-local.md')
  })
})

test('a finding on a borrowed connection names the application’s own pool', () => {
  const [finding] = judge(analyze('SET work_mem = 1'), direct(), { pinned: false })
  expect(finding?.message).toBe(
    'SET work_mem stays on a connection that the application’s own pool gives to the next caller',
  )
  expect(finding?.why).toContain('the application’s own pool gives that connection to the next caller')
  expect(finding?.instead).toContain('pool.connect()')
})

describe('a service with a name of its own for a direct connection', () => {
  const insteadOf = (sql: string, pooler: PoolerProfile): string | undefined =>
    judge(analyze(sql), pooler, autocommit)[0]?.instead

  test.each([
    [supabase(), 'session pooler, port 5432'],
    [supabase({ connection: 'dedicated' }), 'session pooler, port 5432'],
    [neon(), 'host without -pooler'],
  ])('has it in remedies that ask for one', (pooler, words) => {
    expect(insteadOf('LISTEN a', pooler)).toContain(words)
    expect(insteadOf('SET ROLE a', pooler)).not.toContain(words)
    expect(insteadOf('LISTEN a', pgBouncer118)).not.toContain(words)
  })
})
