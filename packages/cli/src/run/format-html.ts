import type { StatementRecord } from '@poolsafe/register/guard'
import { escapeHtml, htmlPage, htmlTable } from '../html/page.ts'
import { byOf, sentenceOf, type RuleSummary, type Summary } from './summary.ts'

/** Formats the summary as a page of HTML, which works from a file and needs no network. */
export function formatHtml(summary: Summary): string {
  const { findings, slow, repeated, waits, problems, unreached, processes } = summary
  const parts = [
    `<p class="${findings.length === 0 ? 'ok' : 'failure'}">${escapeHtml(sentenceOf(summary))}</p>`,
    ...findings.map(ruleOf),
    section('Slow statements', ['times', 'longest', 'by', 'statement'], statementRows(slow)),
    section('Repeated statements', ['times', 'in total', 'by', 'statement'], statementRows(repeated)),
    section('Waits for a connection', ['calls', 'longest'], waits.count === 0 ? [] : [waitRow(waits)]),
    section(
      'Problems',
      ['times', 'problem'],
      problems.map(({ count, message }) => [`${count}×`, message]),
    ),
    section(
      'Not guarded',
      ['place'],
      unreached.map((place) => [place]),
    ),
    section(
      'Processes',
      ['pid', 'thread', 'statements', 'script'],
      processes.map(({ pid, threadId, statements, script }) => [`${pid}`, `${threadId}`, `${statements}`, script]),
    ),
  ]
  return htmlPage('poolsafe run', parts.filter((part) => part !== '').join('\n'))
}

function ruleOf({ rule, message, instead, count, places }: RuleSummary): string {
  const rows = places.map((each) => [`${each.count}×`, byOf(each), codeOf(each.statement)])
  return `<h2><code>${escapeHtml(rule)}</code> ${count}×</h2>
<p>${escapeHtml(message)}</p>
<p><b>Instead</b> ${escapeHtml(instead)}</p>
${htmlTable(['times', 'by', 'statement'], rows)}`
}

type Rows = Parameters<typeof htmlTable>[1]

function section(title: string, head: readonly string[], rows: Rows): string {
  return rows.length === 0 ? '' : `<h2>${title}</h2>\n${htmlTable(head, rows)}`
}

function statementRows(records: readonly StatementRecord[]): Rows {
  return records.map((each) => [`${each.count}×`, `${Math.round(each.millis)} ms`, byOf(each), codeOf(each.statement)])
}

function waitRow({ count, longestMillis }: Summary['waits']): readonly string[] {
  return [`${count}`, `${Math.round(longestMillis)} ms`]
}

function codeOf(text: string): { readonly html: string } {
  return { html: `<code>${escapeHtml(text)}</code>` }
}
