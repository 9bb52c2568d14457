import { poolerNamed, UsageError } from '@poolsafe/config'
import { resolve } from 'node:path'
import { audit, auditWithCatalog, type AuditReport } from '@poolsafe/operate'
import { databaseUrl, withDatabase } from '../database/connect.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { jsonReport } from '../schema-url.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatAudit } from './format-audit.ts'
import { htmlAudit } from './html-audit.ts'
import { sarifAudit } from './sarif-audit.ts'
import { writeCatalog } from './write-catalog.ts'

/** The request of `poolsafe audit`. */
export interface AuditRequest {
  readonly url?: string
  readonly pooler?: string
  /** The file to write the description of the code to. */
  readonly write?: string
  /** True if the file has code that cannot be judged. */
  readonly undecided?: boolean
  readonly format: 'pretty' | 'json' | 'html' | 'sarif'
}

/**
 * Exits with 1 if code changes the session. Code that cannot be judged is a note.
 *
 * @throws UsageError without a URL, for an unknown pooler, and for a file that cannot be written
 * @throws DatabaseUnreadableError if the database cannot be read
 */
export async function runAudit(request: AuditRequest, terminal: Terminal, style: Style): Promise<ExitCode> {
  const pooler = request.pooler === undefined ? {} : { pooler: poolerNamed(request.pooler) }
  if (request.undecided === true && request.write === undefined)
    throw new UsageError('--undecided says what --write writes: give --write with a file')
  const url = databaseUrl(request.url, terminal.env, { option: '--url', variable: 'DATABASE_URL' })
  const report = await withDatabase(url, 'poolsafe-audit', async ({ ask }) => {
    if (request.write === undefined) return audit({ ask, ...pooler })
    const { report: written, catalog } = await auditWithCatalog({
      ask,
      ...pooler,
      undecided: request.undecided === true,
    })
    writeCatalog(resolve(terminal.cwd, request.write), catalog)
    return written
  })
  terminal.out(printed(report, request.format, style, terminal.columns))
  return report.findings.some(({ level }) => level === 'error') ? exitCodes.findings : exitCodes.clean
}

function printed(report: AuditReport, format: AuditRequest['format'], style: Style, columns: number): string {
  if (format === 'json') return jsonReport('audit', report)
  if (format === 'html') return htmlAudit(report)
  return format === 'sarif' ? sarifAudit(report) : formatAudit(report, style, columns)
}
