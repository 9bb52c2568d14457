import type { Check, CheckStatus, DoctorReport } from '@poolsafe/operate'
import type { Style } from '../terminal/style.ts'
import { wrap } from '../terminal/table.ts'

/** The sign of each status. */
export const signs: Readonly<Record<CheckStatus, string>> = { ok: '✓', warning: '!', failure: '✗', unseen: '?' }

/** Formats a report for people, one line for each check that is fulfilled. */
export function formatDoctor({ checks }: DoctorReport, style: Style, columns: number): string {
  return `${checks.map((check) => formatCheck(check, style, columns)).join('')}\n${summaryOf(checks)}\n`
}

function formatCheck({ id, status, found, why, remedy }: Check, style: Style, columns: number): string {
  const colour = { ok: style.green, warning: style.yellow, failure: style.red, unseen: style.dim }[status]
  const lines = [`${colour(signs[status])} ${wrap(`${found} ${style.dim(`(${id})`)}`, columns - 2, 2)}`]
  if (why !== undefined) lines.push(`    ${wrap(`why: ${why}`, columns - 4, 4)}`)
  if (remedy !== undefined) lines.push(`    ${wrap(`remedy: ${remedy}`, columns - 4, 4)}`)
  return `${lines.join('\n')}\n`
}

/** How many checks have each status. */
export function summaryOf(checks: readonly Check[]): string {
  const count = (status: CheckStatus): number => checks.filter((check) => check.status === status).length
  return `${count('ok')} fulfilled, ${count('warning')} warnings, ${count('failure')} failures, ${count('unseen')} not seen`
}
