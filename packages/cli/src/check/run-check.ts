import { resolve } from 'node:path'
import { loadConfig, resolveCheck } from '@poolsafe/config'
import { chosenCatalog } from '../catalog/chosen-catalog.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { writeReport } from '../terminal/write-report.ts'
import { createAllowed } from './allowed.ts'
import { applyBaseline } from './apply-baseline.ts'
import { changedFiles } from './changed-files.ts'
import { settlePending } from './configuration/project-facts.ts'
import { defaultInclude, isFile, listFiles } from './files.ts'
import type { CheckFinding, Skipped } from './finding.ts'
import { Lines } from './lines.ts'
import { readSource } from './read-file.ts'
import { reports } from './report/all.ts'
import type { CheckResult } from './report/result.ts'
import { checkContradictions, checkRules, formatNamed, profilesOf, type CheckRequest } from './request.ts'
import { mergePoolers } from './merge-poolers.ts'
import { scanFiles, scanText } from './run-scan.ts'
import type { ScanOutput, ScanRequest } from './scan-types.ts'

/** Everything that a check needs, with the configuration and the command line taken together. */
interface Settings {
  readonly request: CheckRequest
  readonly terminal: Terminal
  readonly scan: ScanRequest
  readonly files: readonly string[]
  /** Folders that cannot be read. */
  readonly skipped: readonly Skipped[]
  readonly accept: (findings: readonly CheckFinding[]) => CheckFinding[]
  readonly showsHints: boolean
}

/** @throws UsageError for a wrong command line or configuration, and for a file that cannot be written */
export async function runCheck(request: CheckRequest, terminal: Terminal): Promise<ExitCode> {
  checkContradictions(request)
  const settings = await settingsOf(request, terminal)
  if (request.fix === true) {
    const { fixFiles } = await import('./fix-files.ts')
    const report = fixFiles(settings.files, {
      ...settings.scan,
      isDry: request.dryRun === true,
      accept: settings.accept,
    })
    terminal.err(report)
    if (request.dryRun === true) return exitCodes.clean
  }
  const started = performance.now()
  return finish(settings, await scanAsked(settings), performance.now() - started)
}

async function scanAsked({ request, terminal, scan, files }: Settings): Promise<ScanOutput> {
  const { stdinFilepath } = request
  if (stdinFilepath === undefined) return scanFiles(files, scan, request, terminal)
  return scanText(resolve(terminal.cwd, stdinFilepath), await terminal.readInput(), scan)
}

async function settingsOf(request: CheckRequest, terminal: Terminal): Promise<Settings> {
  const { cwd } = terminal
  const { guard = {}, check: given = {} } = (await loadConfig(cwd, request.config)).config
  const check = resolveCheck(given)
  const { exclude, include = defaultInclude, overrides, migrations } = check
  const allowed = createAllowed(guard, overrides, checkRules(request.rule ?? []))
  const { files, skipped } =
    request.stdinFilepath === undefined
      ? listFiles({ cwd, paths: request.paths, include, exclude, tests: request.tests ?? check.tests })
      : { files: [], skipped: [] }
  return {
    request,
    terminal,
    files: onlyChanged(files, cwd, request.changed),
    skipped,
    scan: {
      cwd,
      poolers: profilesOf(request.pooler, guard),
      tags: new Set(check.tags),
      migrations: migrations.folders,
      catalog: chosenCatalog(request.catalog, guard, cwd),
      isPartial: isPartial(request, cwd),
    },
    showsHints: request.pooler === undefined && guard.pooler === undefined,
    accept: (findings) =>
      findings
        .flatMap((finding) => withConnection(finding, migrations.connection))
        .filter((finding) => !allowed(finding))
        .toSorted(byPlace),
  }
}

/** Returns true for files of a hook or of an editor, whose imports are not checked with them. */
function isPartial({ stdinFilepath, changed, paths }: CheckRequest, cwd: string): boolean {
  return stdinFilepath !== undefined || changed !== undefined || paths.some((path) => isFile(resolve(cwd, path)))
}

function onlyChanged(files: readonly string[], cwd: string, changed: string | true | undefined): readonly string[] {
  if (changed === undefined) return files
  const known = changedFiles(cwd, changed === true ? 'HEAD' : changed)
  return files.filter((file) => known.has(file))
}

function finish(settings: Settings, output: ScanOutput, millis: number): ExitCode {
  const { request, terminal, scan, files, accept } = settings
  const asked = request.stdinFilepath === undefined ? files.length : 1
  const { results, problems, counts, hints } = output
  const settled = mergePoolers(settlePending(results))
  const found = accept([...results.flatMap(({ findings }) => findings), ...settled])
  const unread = results.flatMap((result) => result.skipped)
  const skipped = [...settings.skipped, ...unread]
  const { findings, clean, note } = applyBaseline(found, request, terminal.cwd)
  const result: CheckResult = {
    findings,
    skipped,
    problems,
    counts,
    poolers: scan.poolers.map(({ label }) => label),
    millis,
    hints: settings.showsHints ? hints : [],
  }
  print(result, request, terminal, clean)
  const notes = [note, isShown(request) || clean === undefined ? undefined : `${clean}\n`, emptyNote(settings)]
  terminal.err(notes.filter((each) => each !== undefined).join(''))
  if (skipped.length > 0 && unread.length === asked) return exitCodes.error
  return findings.some(({ level }) => level === 'error') ? exitCodes.findings : exitCodes.clean
}

/** Returns true if the terminal shows the report for people. */
function isShown({ format = 'pretty', output }: CheckRequest): boolean {
  return format === 'pretty' && output === undefined
}

/** A check of no file is most often a mistake. With `--changed` it is none, nor for a hook that names its files. */
function emptyNote({ request, terminal, files }: Settings): string | undefined {
  const { stdinFilepath, changed, paths, tests } = request
  if (files.length > 0 || stdinFilepath !== undefined || changed !== undefined) return undefined
  const where = paths.length === 0 ? terminal.cwd : paths.join(', ')
  const most = 'check leaves out node_modules, build output and what Git ignores'
  return `no file was checked in ${where}; ${most}${tests === true ? '' : '; --tests adds tests and examples'}\n`
}

/** Under GitHub Actions, annotations follow the report for people. */
function print(
  result: CheckResult,
  { format, output, style, all = false }: CheckRequest,
  terminal: Terminal,
  clean: string | undefined,
): void {
  const { cwd, columns, out, env } = terminal
  const options = { style, columns, all, lineOf: createLineOf(cwd), clean }
  const name = formatNamed(format ?? 'pretty')
  const text = reports[name](result, options)
  if (output === undefined) out(text)
  else writeReport('--output', resolve(cwd, output), text)
  if (format === undefined && env['GITHUB_ACTIONS'] === 'true') out(reports.github(result, options))
}

/** Migrations over a direct connection may leave what they like; over the pooler they are as all statements. */
function withConnection(finding: CheckFinding, connection: 'direct' | 'pooled' | 'unknown'): CheckFinding[] {
  if (finding.origin !== 'migration' || connection === 'unknown') return [finding]
  return connection === 'pooled' && finding.rule !== 'statement/undecided' ? [{ ...finding, level: 'error' }] : []
}

function byPlace(one: CheckFinding, other: CheckFinding): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1
  return one.line - other.line || one.column - other.column
}

/** Reads each file with a finding once more, and remembers the last one. */
function createLineOf(cwd: string): (path: string, line: number) => string | undefined {
  let last: { readonly path: string; readonly lines: Lines | undefined } | undefined
  return (path, line) => {
    if (last?.path !== path) {
      const content = readSource(resolve(cwd, path))
      last = { path, lines: 'source' in content ? new Lines(content.source) : undefined }
    }
    return last.lines?.text(line)
  }
}
