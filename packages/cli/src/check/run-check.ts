import { poolers, rules, type PoolerProfile } from '@poolsafe/core'
import { closest } from '@poolsafe/core/adapter'
import { resolve } from 'node:path'
import { loadConfig, poolerNamed, resolveCheck, UsageError } from '@poolsafe/config'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { createAllowed } from './allowed.ts'
import { defaultInclude, listFiles } from './files.ts'
import type { CheckFinding, Skipped } from './finding.ts'
import { Lines } from './lines.ts'
import { readSource } from './read-file.ts'
import { formats, reports, type Format } from './report/all.ts'
import type { CheckResult } from './report/result.ts'
import { Scanner, type FileResult } from './scan.ts'

/** What `poolsafe check` was asked for. */
export interface CheckRequest {
  readonly paths: readonly string[]
  readonly style: Style
  readonly config?: string | undefined
  readonly format?: string | undefined
  readonly pooler?: readonly string[] | undefined
  readonly rule?: readonly string[] | undefined
  readonly tests?: boolean | undefined
  readonly all?: boolean | undefined
}

/** @throws UsageError for a wrong command line or configuration */
export async function runCheck(request: CheckRequest, terminal: Terminal): Promise<ExitCode> {
  const { cwd } = terminal
  const started = performance.now()
  const format = formatNamed(request.format)
  const only = checkRules(request.rule ?? [])
  const { guard = {}, check: given = {} } = (await loadConfig(cwd, request.config)).config
  const check = resolveCheck(given)
  const profiles = profilesOf(request.pooler, guard.pooler)
  const { exclude, include = defaultInclude, overrides, tags, migrations } = check
  const files = listFiles({ cwd, paths: request.paths, include, exclude, tests: request.tests ?? check.tests })
  const scanner = new Scanner({ cwd, poolers: profiles, tags: new Set(tags), migrations: migrations.folders })
  const allowed = createAllowed(guard, overrides, only)
  const found: CheckFinding[] = []
  const skipped: Skipped[] = []
  for (const result of results(scanner, files)) {
    found.push(...result.findings)
    skipped.push(...result.skipped)
  }
  const findings = found
    .flatMap((finding) => withConnection(finding, migrations.connection))
    .filter((finding) => !allowed(finding))
    .toSorted(byPlace)
  const result: CheckResult = {
    findings,
    skipped,
    problems: scanner.problems,
    counts: scanner.counts,
    poolers: profiles.map(({ label }) => label),
    millis: performance.now() - started,
    hints: request.pooler === undefined && guard.pooler === undefined ? scanner.hints : [],
  }
  terminal.out(
    reports[format](result, {
      style: request.style,
      columns: terminal.columns,
      all: request.all ?? false,
      lineOf: createLineOf(cwd),
    }),
  )
  return exitCodeOf(result, files.length)
}

function* results(scanner: Scanner, files: readonly string[]): Generator<FileResult> {
  for (const path of files) yield scanner.scan(path)
  yield* scanner.scanImporters()
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

function exitCodeOf({ findings, skipped }: CheckResult, files: number): ExitCode {
  if (files > 0 && skipped.length === files) return exitCodes.error
  return findings.some(({ level }) => level === 'error') ? exitCodes.findings : exitCodes.clean
}

function profilesOf(names: readonly string[] | undefined, configured: PoolerProfile | undefined): PoolerProfile[] {
  if (names !== undefined && names.length > 0) return names.map((name) => poolerNamed(name))
  return [configured ?? poolers.strictest()]
}

function formatNamed(name: string = 'pretty'): Format {
  const found = formats.find((format) => format === name)
  if (found !== undefined) return found
  throw new UsageError(`--format: there is no format '${name}'. Formats: ${formats.join(', ')}`)
}

function checkRules(ids: readonly string[]): readonly string[] {
  const known: readonly string[] = rules.map(({ id }) => id)
  const wrong = ids.find((id) => !known.includes(id))
  if (wrong === undefined) return ids
  const meant = closest(wrong, known)
  throw new UsageError(
    `--rule: there is no rule '${wrong}'${meant === undefined ? '' : `; did you mean '${meant}'?`} Rules: ${known.join(', ')}`,
  )
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
