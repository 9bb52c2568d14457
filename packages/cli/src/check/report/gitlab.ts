import { fingerprintOf } from '../baseline.ts'
import type { CheckResult } from './result.ts'

/** GitLab's code quality report. A fingerprint must not come twice, so equal findings are numbered. */
export function gitlab({ findings }: CheckResult): string {
  const seen = new Map<string, number>()
  const issues = findings.map((finding) => {
    const fingerprint = fingerprintOf(finding)
    const number = seen.get(fingerprint) ?? 0
    seen.set(fingerprint, number + 1)
    return {
      description: `${finding.message}. Instead: ${finding.instead}.`,
      check_name: finding.rule,
      fingerprint: number === 0 ? fingerprint : `${fingerprint}-${number}`,
      severity: finding.level === 'error' ? 'major' : 'info',
      location: { path: finding.path, lines: { begin: finding.line, end: finding.endLine } },
    }
  })
  return `${JSON.stringify(issues, undefined, 2)}\n`
}
