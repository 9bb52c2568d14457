import type { AuditReport } from '@poolsafe/operate'
import { escapeHtml, htmlPage, htmlTable } from '../html/page.ts'
import { roleLines, sessionLines } from './session-lines.ts'

/** The report as a page of HTML. */
export function htmlAudit(report: AuditReport): string {
  const { database, pooler, judged, findings, unseen } = report
  return htmlPage(
    `poolsafe audit: ${database}`,
    [
      `<p>${escapeHtml(`${judged} pieces of code judged for ${pooler}; ${findings.length} findings.`)}</p>`,
      htmlTable(
        ['', 'object', 'state', 'chain', 'reached by', 'remedy'],
        findings.map(({ level, object, objectKind, kind, outcome, via, reachedBy, instead }) => [
          level === 'error' ? '✗' : '?',
          `${object} (${objectKind})`,
          `${kind} ${outcome}`,
          [object, ...via].join(' → '),
          reachedBy.join('; '),
          instead,
        ]),
      ),
      listOf('There now', sessionLines(report)),
      listOf('Roles and databases', roleLines(report)),
      listOf(
        'Not seen',
        unseen.map(({ what, why }) => `${what}: ${why}`),
      ),
    ].join('\n'),
  )
}

function listOf(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<h2>${title}</h2>\n<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}</ul>`
}
