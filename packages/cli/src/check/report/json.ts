import { jsonReport } from '../../schema-url.ts'
import type { CheckResult } from './result.ts'

/** The whole result as JSON. */
export function json(result: CheckResult): string {
  const findings = result.findings.map(({ sql: _sql, ...finding }) => finding)
  return jsonReport('check', { version: 1, ...result, findings })
}
