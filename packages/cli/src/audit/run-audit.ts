import { poolerNamed } from '@poolsafe/config'
import { audit, type AuditReport } from '@poolsafe/operate'
import { databaseUrl, withDatabase } from '../database/connect.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatAudit } from './format-audit.ts'
import { htmlAudit } from './html-audit.ts'
import { sarifAudit } from './sarif-audit.ts'

/** What `poolsafe audit` was asked for. */
export interface AuditRequest {
  readonly url?: string
  readonly pooler?: string
  readonly format: 'pretty' | 'json' | 'html' | 'sarif'
}

/**
 * Exits with 1 if code changes the session. Code that cannot be judged is a note.
 *
 * @throws UsageError without a URL, and for an unknown pooler
 * @throws DatabaseUnreadableError if the database cannot be read
 */
export async function runAudit(request: AuditRequest, terminal: Terminal, style: Style): Promise<ExitCode> {
  const pooler = request.pooler === undefined ? {} : { pooler: poolerNamed(request.pooler) }
  const url = databaseUrl(request.url, terminal.env, { option: '--url', variable: 'DATABASE_URL' })
  const report = await withDatabase(url, 'poolsafe-audit', async ({ ask }) => audit({ ask, ...pooler }))
  terminal.out(printed(report, request.format, style, terminal.columns))
  return report.findings.some(({ level }) => level === 'error') ? exitCodes.findings : exitCodes.clean
}

function printed(report: AuditReport, format: AuditRequest['format'], style: Style, columns: number): string {
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`
  if (format === 'html') return htmlAudit(report)
  return format === 'sarif' ? sarifAudit(report) : formatAudit(report, style, columns)
}
