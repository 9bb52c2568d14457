import { createHash } from 'node:crypto'
import type { AuditFinding, AuditReport } from '@poolsafe/operate'
import type { Log, Result } from 'sarif'
import { toolOf } from '../check/report/sarif.ts'

/** SARIF 2.1.0. The places are objects of the database, so they are logical locations, without a file. */
export function sarifAudit({ findings, database, unseen }: AuditReport): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))].toSorted()
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: toolOf(ids),
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: unseen.map(({ what, why }) => ({
              level: 'warning',
              message: { text: `not seen: ${what}: ${why}` },
            })),
          },
        ],
        results: findings.map((finding) => toResult(finding, database)),
      },
    ],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

function toResult(finding: AuditFinding, database: string): Result {
  const { rule, level, object, objectKind, kind, via, reachedBy, outcome, instead } = finding
  const chain = [object, ...via].join(' → ')
  return {
    ruleId: rule,
    level,
    message: { text: `${chain}: ${kind} ${outcome}. Instead: ${instead}.` },
    locations: [{ logicalLocations: [{ fullyQualifiedName: `${database}.${object}`, kind: objectKind }] }],
    partialFingerprints: { 'poolsafe/v1': createHash('sha256').update(`${rule} ${chain}`).digest('hex') },
    properties: { kind, via, reachedBy, outcome },
  }
}
