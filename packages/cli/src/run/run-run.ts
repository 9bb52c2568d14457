import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { rules } from '@poolsafe/core'
import { checkOneOf } from '@poolsafe/core/internal'
import { poolerNamed } from '@poolsafe/config'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { checkWritable, writeReport } from '../terminal/write-report.ts'
import { formatHtml } from './format-html.ts'
import { formatJUnit } from './format-junit.ts'
import { formatSummary } from './format-summary.ts'
import { runCommand, type Environment } from './run-command.ts'
import { readRecords, summarise, type Summary } from './summary.ts'

/** The formats of the summary. */
export type SummaryFormat = 'pretty' | 'json' | 'junit' | 'html'

/** The arguments of `poolsafe run`. */
export interface RunRequest {
  readonly command: readonly string[]
  readonly strict?: boolean
  readonly pooler?: string
  readonly allow?: readonly string[]
  readonly format: SummaryFormat
  readonly output?: string
  readonly style: Style
}

/**
 * Runs the command with the register in every Node process below it.
 *
 * @returns the exit code of the command; with `strict`, 1 if it is 0 and something was found
 * @throws UsageError for a command that does not start, an unknown pooler and a file that cannot be written
 * @throws InvalidOptionError for an unknown rule
 */
export async function runRun(request: RunRequest, terminal: Terminal): Promise<number> {
  const settings = settingsOf(request)
  if (request.output !== undefined) checkWritable('--output', resolve(terminal.cwd, request.output))
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-run-'))
  try {
    const env = { ...withRegister(terminal.env), ...settings, POOLSAFE_RECORD: folder }
    const code = await runCommand(request.command, terminal.cwd, env)
    const summary = summarise(readRecords(folder))
    print(summary, request, terminal)
    return code === 0 && request.strict === true && summary.findings.length > 0 ? 1 : code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The options as the register reads them. Checked here, so that a mistake is reported once and not by each process. */
function settingsOf({ strict, pooler, allow }: RunRequest): Environment {
  if (pooler !== undefined) poolerNamed(pooler)
  for (const id of allow ?? []) checkRule(id)
  return {
    ...(strict === true && { POOLSAFE_MODE: 'strict' }),
    ...(pooler !== undefined && { POOLSAFE_POOLER: pooler }),
    ...(allow !== undefined && { POOLSAFE_ALLOW: allow.join(',') }),
  }
}

function checkRule(id: string): void {
  checkOneOf(
    '--allow',
    id,
    rules.map((rule) => rule.id),
  )
}

/** The address of the register, so that processes find it in every working folder. Its log would be in the way. */
function withRegister(env: Environment): Environment {
  const register = `--import ${import.meta.resolve('@poolsafe/register')}`
  return {
    ...env,
    NODE_OPTIONS: [env['NODE_OPTIONS'], register].filter(Boolean).join(' '),
    POOLSAFE_LOG: env['POOLSAFE_LOG'] ?? 'off',
  }
}

function print(summary: Summary, { format, output, style }: RunRequest, { cwd, err, columns }: Terminal): void {
  const text = texts[format](summary, style, columns)
  if (output === undefined) err(text)
  else writeReport('--output', resolve(cwd, output), text)
}

const texts: Readonly<Record<SummaryFormat, (summary: Summary, style: Style, columns: number) => string>> = {
  pretty: formatSummary,
  json: (summary) => `${JSON.stringify(summary, null, 2)}\n`,
  junit: formatJUnit,
  html: formatHtml,
}
