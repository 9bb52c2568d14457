import { counted } from '@poolsafe/core/internal'
import type { StatementRecord } from '@poolsafe/register/guard'
import type { Style } from '../terminal/style.ts'
import { formatTable, labelled, wrap } from '../terminal/table.ts'
import { byOf, sentenceOf, type RuleSummary, type Summary } from './summary.ts'

/** The places of a rule that are shown; the JSON format has all. */
const mostPlaces = 10

/** Formats the summary for people. */
export function formatSummary(summary: Summary, style: Style, columns: number): string {
  const { findings, slow, repeated, problems, unreached } = summary
  return [
    `\n${style.bold('poolsafe run')}: ${sentenceOf(summary)}\n`,
    ...findings.map((found) => formatRule(found, style, columns)),
    section('slow statements', statementRows(slow, 'up to'), style, columns),
    section('repeated statements', statementRows(repeated, 'in total'), style, columns),
    section('waits for a connection', waitRows(summary), style, columns),
    section(
      'problems',
      problems.map(({ count, message }) => [`${count}×`, message]),
      style,
      columns,
    ),
    section(
      'not guarded',
      unreached.map((place) => [place]),
      style,
      columns,
    ),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function formatRule({ rule, message, instead, count, places }: RuleSummary, style: Style, columns: number): string {
  const rows = places.slice(0, mostPlaces).map((each) => ['', `${each.count}×`, byOf(each), each.statement])
  const more = places.length > mostPlaces ? `  and ${places.length - mostPlaces} more places\n` : ''
  return [
    `${style.red(rule)}  ${count}×  ${wrap(message, columns)}\n`,
    formatTable(rows, columns),
    more,
    labelled('instead', instead, { style, columns }),
  ].join('')
}

function statementRows(records: readonly StatementRecord[], how: string): string[][] {
  return records.map((each) => [`${each.count}×`, `${how} ${Math.round(each.millis)} ms`, byOf(each), each.statement])
}

function waitRows({ waits: { count, longestMillis } }: Summary): string[][] {
  return count === 0 ? [] : [[`${counted(count, 'call')} waited, up to ${Math.round(longestMillis)} ms`]]
}

function section(title: string, rows: readonly (readonly string[])[], style: Style, columns: number): string {
  if (rows.length === 0) return ''
  return `${style.bold(title)}\n${formatTable(
    rows.map((row) => ['', ...row]),
    columns,
  )}`
}
