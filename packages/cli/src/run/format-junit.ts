import { escapeXml as escape } from '../html/escape-xml.ts'
import { byOf, type RuleSummary, type Summary } from './summary.ts'

/** Formats the findings as JUnit: a suite for each rule, and a failed case for each place. */
export function formatJUnit({ findings }: Summary): string {
  const places = findings.flatMap((found) => found.places)
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="poolsafe run" tests="${Math.max(places.length, 1)}" failures="${places.length}">`,
    ...(findings.length === 0 ? clean : findings.flatMap(suite)),
    '</testsuites>',
  ]
  return `${lines.join('\n')}\n`
}

/** Many readers take a report without a case for a run that broke. */
const clean: readonly string[] = [
  '  <testsuite name="poolsafe" tests="1" failures="0">',
  '    <testcase classname="poolsafe" name="no findings"/>',
  '  </testsuite>',
]

function suite({ rule, message, instead, places }: RuleSummary): string[] {
  const cases = places.map((each) => {
    const { statement, count } = each
    const text = `${statement}\n${count}×\ninstead: ${instead}`
    const failure = `<failure type="${rule}" message="${escape(message)}">${escape(text)}</failure>`
    return `    <testcase classname="${rule}" name="${escape(byOf(each) || statement)}">${failure}</testcase>`
  })
  return [
    `  <testsuite name="${rule}" tests="${places.length}" failures="${places.length}">`,
    ...cases,
    '  </testsuite>',
  ]
}
