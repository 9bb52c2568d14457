import type { CheckFinding } from '../finding.ts'
import type { CheckResult } from './result.ts'

/** One line for each finding, as compilers print them. */
export function concise({ findings, skipped }: CheckResult): string {
  const lines = findings.map(
    (finding) => `${placeOf(finding)}: ${finding.level}: ${finding.message} (${finding.rule})\n`,
  )
  return [...lines, ...skipped.map(({ path, reason }) => `${path}: not checked: ${reason}\n`)].join('')
}

/** `src/db.ts:12:8` */
export function placeOf({ path, line, column }: CheckFinding): string {
  return `${path}:${line}:${column}`
}
