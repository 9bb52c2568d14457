import type { DoctorReport } from '@poolsafe/operate'
import { escapeHtml, htmlPage, htmlTable } from '../html/page.ts'
import { signs, summaryOf } from './format-doctor.ts'

/** The report as a page of HTML. */
export function htmlDoctor({ checks }: DoctorReport): string {
  const rows = checks.map(({ id, status, found, why = '', remedy = '' }) => [
    { html: `<span class="${status}">${signs[status]}</span>` },
    found,
    why,
    remedy,
    { html: `<small>${escapeHtml(id).replaceAll(/[/-]/g, '$&<wbr>')}</small>` },
  ])
  return htmlPage(
    'poolsafe doctor',
    `<p>${summaryOf(checks)}</p>\n${htmlTable(['', 'found', 'why', 'remedy', 'check'], rows)}`,
  )
}
