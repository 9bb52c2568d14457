import type { AuditFinding, AuditReport } from '@poolsafe/operate'
import type { Style } from '../terminal/style.ts'
import { labelled, wrap } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'
import { roleLines, sessionLines } from './session-lines.ts'

/** Formats a report for people. */
export function formatAudit(report: AuditReport, style: Style, columns: number): string {
  const { findings, database, pooler, judged, unseen } = report
  const errors = findings.filter(({ level }) => level === 'error')
  const notes = findings.filter(({ level }) => level === 'note')
  const summary = `${judged} pieces of code in ${database} judged for ${pooler}: ${errors.length} findings, ${notes.length} that cannot be judged`
  return [
    ...errors.map((finding) => formatFinding(finding, style, columns)),
    list(
      'Cannot be judged',
      notes.map(({ object, via }) => `${object}: ${via.join(' → ')}`),
      style,
      columns,
    ),
    list('There now', sessionLines(report), style, columns),
    list('Roles and databases', roleLines(report), style, columns),
    list(
      'Not seen',
      unseen.map(({ what, why }) => `${what}: ${why}`),
      style,
      columns,
    ),
    `${wrap(summary, columns)}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function formatFinding(finding: AuditFinding, style: Style, columns: number): string {
  const { object, objectKind, kind, via, reachedBy, why, instead, rule, outcome } = finding
  const row = (label: string, text: string): string => labelled(label, text, { style, columns })
  return [
    `${style.red('✗')} ${style.bold(visible(object))} (${objectKind}): ${kind} ${outcome} ${style.dim(`(${rule})`)}\n`,
    row('chain', [object, ...via].map(visible).join(' → ')),
    row('reached', reachedBy.map(visible).join('; ')),
    row('why', why),
    row('instead', instead),
  ].join('')
}

function list(title: string, lines: readonly string[], style: Style, columns: number): string {
  if (lines.length === 0) return ''
  return `${style.bold(title)}\n${lines.map((line) => `  ${wrap(visible(line), columns - 2, 4)}\n`).join('')}`
}
