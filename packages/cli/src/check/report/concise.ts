import { visible } from '../../terminal/visible.ts'
import type { CheckFinding } from '../finding.ts'
import type { CheckResult } from './result.ts'

/** One line for each finding, as compilers print them. */
export function concise({ findings, problems, skipped }: CheckResult): string {
  const lines = [
    ...findings.map((finding) => `${placeOf(finding)}: ${finding.level}: ${finding.message} (${finding.rule})`),
    ...problems.map(({ path, line, message }) => `${path}:${line}:1: note: ${message}`),
    ...skipped.map(({ path, reason }) => `${path}: not checked: ${reason}`),
  ]
  return lines.map((line) => `${visible(line)}\n`).join('')
}

/** `src/db.ts:12:8` */
export function placeOf({ path, line, column }: CheckFinding): string {
  return `${path}:${line}:${column}`
}
