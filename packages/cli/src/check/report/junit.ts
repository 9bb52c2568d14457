import type { CheckFinding } from '../finding.ts'
import { escapeXml as escape } from '../../html/escape-xml.ts'
import { placeOf } from './concise.ts'
import { ofLevel, type CheckResult } from './result.ts'

/** JUnit's XML: one suite for each file with a finding, one failed test for each finding. Notes are left out. */
export function junit(result: CheckResult): string {
  const errors = ofLevel(result, 'error')
  const seconds = (result.millis / 1_000).toFixed(3)
  const suites = Object.entries(byPath(errors)).map(([path, findings]) => suite(path, findings))
  const clean =
    errors.length === 0
      ? '  <testsuite name="poolsafe" tests="1" failures="0"><testcase name="check" /></testsuite>\n'
      : ''
  const tests = Math.max(errors.length, 1)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="poolsafe" tests="${tests}" failures="${errors.length}" time="${seconds}">\n${clean}${suites.join('')}</testsuites>\n`
}

function byPath(findings: readonly CheckFinding[]): Readonly<Record<string, readonly CheckFinding[]>> {
  const groups: Record<string, CheckFinding[]> = {}
  for (const finding of findings) (groups[finding.path] ??= []).push(finding)
  return groups
}

function suite(path: string, findings: readonly CheckFinding[]): string {
  const cases = findings.map((finding) => {
    const { rule, message, instead, statement, why } = finding
    const text = `${placeOf(finding)}\n${statement}\nwhy: ${why}\ninstead: ${instead}`
    return `    <testcase name="${escape(`${rule} at line ${finding.line}`)}" classname="${escape(path)}">\n      <failure message="${escape(message)}" type="${escape(rule)}">${escape(text)}</failure>\n    </testcase>\n`
  })
  return `  <testsuite name="${escape(path)}" tests="${findings.length}" failures="${findings.length}">\n${cases.join('')}  </testsuite>\n`
}
