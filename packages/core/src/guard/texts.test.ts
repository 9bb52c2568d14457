import { describe, expect, test } from 'vitest'
import { analyze } from '../analyze/analyze.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import * as poolers from '../poolers/all.ts'
import type { Example, Rule } from '../rules/rule.ts'
import { rules, type RuleId } from '../rules/index.ts'
import type { DetectedEffect } from '../analyze/analysis.ts'
import type { Finding } from './finding.ts'
import { format } from './finding-message.ts'
import { judge, judgeEffects } from './judge.ts'

// Every finding that a rule can produce, whatever its outcome, in the words that each kind of profile gets.

const direct = poolers.direct()
/** Pins whatever any rule finds. */
const pinning: PoolerProfile = {
  ...poolers.rdsProxy(),
  trackedSettings: new Set(),
  carries: Object.fromEntries(
    Object.entries(poolers.rdsProxy().carries).map(([state, carried]) => [
      state,
      state === 'transaction' || state === 'large-object-descriptor' ? carried : 'pinned',
    ]),
  ) as PoolerProfile['carries'],
  settings: {},
  startup: {},
  byRule: {},
}

/** A name that makes a sign find something. */
const name = 'statement_timeout'

function effectsBesideText({ id, call = {}, answer }: Rule<RuleId>): DetectedEffect[] {
  const ofCalls = Object.values(call).map((detect) => detect(name))
  const ofAnswers = ['COMMIT', 'SELECT pg_advisory_unlock(42)'].flatMap((sql) =>
    answer === undefined ? [] : (analyze(sql).telltales ?? []).map(({ effect }) => effect),
  )
  return [...ofCalls, ...ofAnswers].flatMap((effect) => (effect === undefined ? [] : [{ ...effect, rule: id }]))
}

/** The findings of all examples and signs: on a held connection, in a transaction, and on a borrowed connection. */
function findingsOf(rule: Rule<RuleId>, pooler: PoolerProfile): Finding[] {
  const contexts = [{}, { inTransaction: true }, { pinned: false }]
  const examples = rule.examples.unsafe.map((example): Example => {
    return typeof example === 'string' ? { sql: example } : example
  })
  const besideText = effectsBesideText(rule)
  return contexts.flatMap((context) =>
    examples
      .flatMap(({ sql, ...given }) => judge(analyze(sql), pooler, Object.assign(given, context)))
      .concat(judgeEffects(besideText, pooler, context)),
  )
}

function textOf(finding: Finding, pooler: PoolerProfile): string {
  const report = { statement: 'SELECT 1', refused: false, decidedBy: 'statement', operation: undefined } as const
  return format({ ...report, findings: [finding], pooler, stack: undefined })
}

/** Findings of this rule say that the connection is not direct after all. */
const isDirectAtAll = rules.filter(({ id }) => id !== 'connection/wrong-profile')

describe.each(isDirectAtAll.map((rule) => [rule.id, rule] as const))('the findings of %s', (_id, rule) => {
  test('mention no pooler over a direct connection', () => {
    for (const finding of findingsOf(rule, direct)) {
      expect(textOf(finding, direct)).not.toMatch(/pooler|unpooled|direct connection(?!$)/im)
    }
  })
})

describe.each(rules.map((rule) => [rule.id, rule] as const))('the findings of %s', (_id, rule) => {
  test('do not say that other clients see what is pinned', () => {
    for (const finding of findingsOf(rule, pinning).filter(({ outcome }) => outcome === 'pinned')) {
      expect(textOf(finding, pinning)).not.toMatch(/stranger|other clients?|another client|others\b|leak/i)
    }
  })
})

test('direct connections and pinned state are reported at all', () => {
  const outcomes = (pooler: PoolerProfile): string[] =>
    rules.flatMap((rule) => findingsOf(rule, pooler).map(({ outcome }) => outcome))
  expect(new Set(outcomes(direct))).toEqual(new Set(['leaks', 'lost', 'ineffective', 'wiped', 'unknown']))
  expect(outcomes(pinning).filter((outcome) => outcome === 'pinned').length).toBeGreaterThan(50)
})
