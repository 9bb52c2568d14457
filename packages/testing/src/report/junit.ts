import { groupBy } from '../group-by.ts'
import type { ExceptionRecord, FindingRecord } from '../strict/record.ts'
import { describeUnused, type DeclaredRecord } from '../strict/declared.ts'
import type { ReportedTest } from './report.ts'

/**
 * The JUnit report for CI: every test is a test case and fails if the test failed. Findings of strict mode include
 * their report.
 */
export function toJUnit(tests: readonly ReportedTest[], unusedExceptions: readonly DeclaredRecord[]): string {
  const suites = groupBy(tests, ({ file }) => file).flatMap(suite)
  const all = `<testsuites name="poolsafe" ${countsOf(tests, unusedExceptions.length)}>`
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    all,
    ...suites,
    ...exceptionSuite(unusedExceptions),
    '</testsuites>',
  ]
  return `${lines.join('\n')}\n`
}

function suite([file, tests]: readonly [string, readonly ReportedTest[]]): string[] {
  return [`  <testsuite name="${escape(file)}" ${countsOf(tests)}>`, ...tests.flatMap(testCase), '  </testsuite>']
}

/** Exceptions by statement do not belong to a test file. */
function exceptionSuite(unusedExceptions: readonly DeclaredRecord[]): string[] {
  if (unusedExceptions.length === 0) return []
  const cases = unusedExceptions.flatMap((record) => [
    `    <testcase classname="exceptions" name="${escape(`${record.place ?? record.where}: ${record.unused.join(', ')}`)}">`,
    `      <failure type="unused exception" message="nothing was found that it would allow">${escape(describeUnused(record, 'the whole run'))}</failure>`,
    '    </testcase>',
  ])
  return [`  <testsuite name="exceptions" ${countsOf([], unusedExceptions.length)}>`, ...cases, '  </testsuite>']
}

function testCase(reported: ReportedTest): string[] {
  const { file, test, state, findings, exceptions } = reported
  const head = `    <testcase classname="${escape(file)}" name="${escape(test ?? 'outside its tests')}"`
  const failures = isFailed(reported) ? failuresOf(reported) : []
  const skipped = state === 'skipped' ? ['      <skipped/>'] : []
  const allowed = exceptions.filter(({ isUsed }) => isUsed).map(({ rule, reason }) => `${rule} is allowed: ${reason}`)
  // Findings that `test.fails` expected are reported without failing.
  const told = [...allowed, ...(isFailed(reported) ? [] : findings.map(({ manual }) => manual))]
  const out = told.length === 0 ? [] : [`      <system-out>${escape(told.join('\n'))}</system-out>`]
  const body = [...skipped, ...failures, ...out]
  return body.length === 0 ? [`${head}/>`] : [`${head}>`, ...body, '    </testcase>']
}

/** A test that failed for nothing that strict mode found has failed all the same. */
function failuresOf({ findings, exceptions, errors }: ReportedTest): string[] {
  const own = [...findings.map(unsafe), ...exceptions.filter(isUnused).map(unused)]
  return own.length > 0 ? own : [other(errors[0] ?? 'Error')]
}

function other(name: string): string {
  return `      <failure type="${escape(name)}" message="not unsafe, and failed: Vitest tells why">${escape(name)}</failure>`
}

function unsafe({ rule, message, manual }: FindingRecord): string {
  return `      <failure type="${escape(rule)}" message="${escape(message)}">${escape(manual)}</failure>`
}

function unused({ rule, reason, place = '' }: ExceptionRecord): string {
  const message = `${rule} is allowed, and nothing was found that it would allow`
  return `      <failure type="unused exception" message="${escape(message)}">${escape(`${reason}\n${place}`)}</failure>`
}

function isUnused({ isUsed }: ExceptionRecord): boolean {
  return !isUsed
}

function isFailed({ state }: ReportedTest): boolean {
  return state === 'failed'
}

function countsOf(tests: readonly ReportedTest[], unusedExceptions = 0): string {
  const skipped = tests.filter(({ state }) => state === 'skipped').length
  const failures = tests.filter(isFailed).length + unusedExceptions
  return `tests="${tests.length + unusedExceptions}" failures="${failures}" errors="0" skipped="${skipped}"`
}

/** Characters that XML 1.0 cannot hold, in any form. It can hold the control characters that the first class names. */
const unspeakable = /[^\P{Control}\t\n\r\u007F-\u009F]|[\uFFFE\uFFFF]|\p{Surrogate}/gu

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
}

/** Fits text and attributes alike, line ends included. */
export function escape(text: string): string {
  return text
    .replaceAll(unspeakable, '\uFFFD')
    .replaceAll(/[&<>"\n\r\t]/g, (character) => entities[character] ?? character)
}
