import type { Finding, Outcome } from '@poolsafe/core'
import type { Style } from '../terminal/style.ts'
import { findingRows } from '../terminal/finding-rows.ts'
import { formatTable } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'
import type { Group, Verdict, Verdicts } from './verdicts.ts'

/** Formats the verdicts: a table of places and poolers, then each rule with its cause and its remedy. */
export function formatVerdicts({ groups, findings }: Verdicts, style: Style, columns: number): string {
  const head = ['autocommit', 'in a transaction', 'pool.query', 'pooler'].map((cell) => style.bold(cell))
  const table = formatTable([head, ...groups.map((group) => rowOf(group, style))], columns)
  return [table, ...findings.map((finding) => formatFinding(finding, style, columns))].join('\n')
}

function rowOf({ poolers, outcomes }: Group, style: Style): string[] {
  const { autocommit, transaction, borrowed } = outcomes
  return [...[autocommit, transaction, borrowed].map((found) => cellOf(found, style)), poolers.join('; ')]
}

/** The outcomes of a cell, each once. */
function cellOf(found: readonly Verdict[], style: Style): string {
  if (found.length === 0) return style.green('safe')
  return [...new Set(found.map(({ outcome }) => outcome))]
    .map((outcome) => colourOf(outcome, style)(outcome))
    .join(', ')
}

function colourOf(outcome: Outcome, style: Style): (text: string) => string {
  return outcome === 'pinned' || outcome === 'unknown' ? style.yellow : style.red
}

function formatFinding(finding: Finding, style: Style, columns: number): string {
  const { rule, message } = finding
  return `${visible(message)} ${style.dim(`(${rule})`)}\n${findingRows([finding], { style, columns })}`
}
