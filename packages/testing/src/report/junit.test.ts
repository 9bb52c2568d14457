import { describe, expect, it } from 'vitest'
import type { FindingRecord } from '../strict/record.ts'
import { escape, toJUnit } from './junit.ts'

const finding: FindingRecord = {
  rule: 'session/set',
  outcome: 'leaks',
  message: 'SET "a" <stays>',
  instead: 'SET LOCAL',
  docs: 'docs/rules/session-set.md',
  statement: 'SET "a" = ?',
  pooler: 'PgBouncer',
  manual: 'SET "a" <stays> & more\n  why  …',
}

describe('escape', () => {
  it.each([
    ['<a href="b">&\'', "&lt;a href=&quot;b&quot;&gt;&amp;'"],
    ['two\nlines\tand a tab\r', 'two&#10;lines&#9;and a tab&#13;'],
    ['a bell \u0007, a half pair \ud83d, a whole pair 😀', 'a bell �, a half pair �, a whole pair 😀'],
    [']]>', ']]&gt;'],
  ])('makes of %j what every XML parser reads', (text, escaped) => {
    expect(escape(text)).toBe(escaped)
  })
})

describe('toJUnit', () => {
  it('counts and names what failed, escaped', () => {
    const tests = [
      {
        file: 'a.test.ts',
        test: 'a > "b"',
        state: 'failed',
        findings: [finding],
        exceptions: [],
        repairs: [],
        errors: ['StrictModeError'],
      },
      { file: 'a.test.ts', test: 'c', state: 'skipped', findings: [], exceptions: [], repairs: [], errors: [] },
      {
        file: 'b.test.ts',
        test: 'd',
        state: 'failed',
        findings: [],
        exceptions: [],
        repairs: [],
        errors: ['AssertionError'],
      },
    ] as const
    expect(toJUnit(tests, [])).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites name="poolsafe" tests="3" failures="2" errors="0" skipped="1">',
        '  <testsuite name="a.test.ts" tests="2" failures="1" errors="0" skipped="1">',
        '    <testcase classname="a.test.ts" name="a &gt; &quot;b&quot;">',
        '      <failure type="session/set" message="SET &quot;a&quot; &lt;stays&gt;">SET &quot;a&quot; &lt;stays&gt; &amp; more&#10;  why  …</failure>',
        '    </testcase>',
        '    <testcase classname="a.test.ts" name="c">',
        '      <skipped/>',
        '    </testcase>',
        '  </testsuite>',
        '  <testsuite name="b.test.ts" tests="1" failures="1" errors="0" skipped="0">',
        '    <testcase classname="b.test.ts" name="d">',
        '      <failure type="AssertionError" message="not unsafe, and failed: Vitest tells why">AssertionError</failure>',
        '    </testcase>',
        '  </testsuite>',
        '</testsuites>',
        '',
      ].join('\n'),
    )
  })
})
