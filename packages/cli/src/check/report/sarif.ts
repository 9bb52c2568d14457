import type { Log, Result, Run } from 'sarif'
import { ruleById, type RuleId } from '@poolsafe/core'
import { version } from '../../version.ts'
import { fingerprintOf } from '../baseline.ts'
import type { CheckFinding } from '../finding.ts'
import type { CheckResult } from './result.ts'

/** GitHub refuses a run with more results. */
const mostResults = 25_000

/** SARIF 2.1.0, for GitHub code scanning and editors. */
export function sarif({ findings, skipped }: CheckResult): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))].toSorted()
  const run: Run = {
    tool: toolOf(ids),
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: skipped.map(({ path, reason }) => ({
          level: 'warning',
          message: { text: `not checked: ${reason}` },
          locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) } } }],
        })),
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: findings.slice(0, mostResults).map((finding) => toResult(finding, ids)),
  }
  const log: Log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

/** Returns poolsafe with the rules of a run. */
export function toolOf(ids: readonly RuleId[]): Run['tool'] {
  return {
    driver: {
      name: 'poolsafe',
      version: version(),
      rules: ids.map((id) => ({
        id,
        shortDescription: { text: ruleById[id].title },
        fullDescription: { text: `${ruleById[id].why}.` },
        help: { text: `Instead: ${ruleById[id].instead}.` },
        defaultConfiguration: { level: 'error' },
        properties: { tags: ['postgresql', 'connection-pooling'] },
      })),
    },
  }
}

function toResult(finding: CheckFinding, ids: readonly string[]): Result {
  const { rule, level, message, instead, path, line, column, endLine, endColumn, outcome, origin, poolers } = finding
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level,
    message: { text: `${message}. Instead: ${instead}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(path) },
          region: { startLine: line, startColumn: column, endLine, endColumn },
        },
      },
    ],
    partialFingerprints: { 'poolsafe/v1': fingerprintOf(finding) },
    properties: { outcome, origin, poolers },
  }
}

/** A relative path as a URI reference. */
function uriOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
