import { writeFileSync } from 'node:fs'
import { reasonOf } from '../terminal/write-report.ts'
import { codeOf } from './code/components.ts'
import { shownPath } from './files.ts'
import type { CheckFinding } from './finding.ts'
import { applyEdits, diffOf, Fixer, type Edit } from './fix.ts'
import { Lines } from './lines.ts'
import { mayTouchSessions } from './prefilter.ts'
import { readSource } from './read-file.ts'
import { counted } from './report/result.ts'
import type { ScanRequest } from './scan-types.ts'
import { Scanner } from './scan.ts'

/** How files are repaired. */
export interface FixFilesOptions extends ScanRequest {
  /** Shows the changes and writes nothing. */
  readonly isDry: boolean
  /** Leaves out the findings that the configuration allows. */
  readonly accept: (findings: readonly CheckFinding[]) => CheckFinding[]
}

/** Repairs what a check reports, for one pooler. */
interface Repairer {
  readonly scanner: Scanner
  readonly fixer: Fixer
}

/** Repairs files, or shows how they would be repaired. Returns what was done, for people. */
export function fixFiles(files: readonly string[], options: FixFilesOptions): string {
  const repairers = options.poolers.map((pooler) => ({
    scanner: new Scanner({ ...options, poolers: [pooler] }),
    fixer: new Fixer(pooler, options.catalog),
  }))
  const changes = files.flatMap((path) => {
    const found = fixFile(path, repairers, options)
    return found === undefined ? [] : [found]
  })
  const verb = options.isDry ? 'would change' : 'changed'
  const count = changes.filter(({ isChanged }) => isChanged).length
  return `${changes.map(({ text }) => text).join('')}${verb} ${counted(count, 'file')}\n`
}

/** The result for one file, for people. */
interface Fixed {
  readonly text: string
  readonly isChanged: boolean
}

/** @returns `undefined` for a file without an exact repair */
function fixFile(path: string, repairers: readonly Repairer[], options: FixFilesOptions): Fixed | undefined {
  const content = readSource(path)
  if (
    !('source' in content) ||
    !mayTouchSessions(content.source) ||
    !/\.(?:[mc]?[jt]sx?|vue|svelte|astro|sql)$/.test(path)
  )
    return undefined
  const { source } = content
  const fixed = repairers.reduce((text, repairer) => applyEdits(text, editsOf(path, text, repairer, options)), source)
  if (fixed === source) return undefined
  const shown = shownPath(options.cwd, path)
  const refusal = options.isDry ? undefined : write(path, fixed)
  return refusal === undefined
    ? { text: diffOf(shown, source, fixed), isChanged: true }
    : { text: `not changed  ${shown}: ${refusal}\n`, isChanged: false }
}

/** @returns why the file cannot be written */
function write(path: string, text: string): string | undefined {
  try {
    writeFileSync(path, text)
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/** The repairs inside of what is reported. What is right in its context, or allowed, stays as it is. */
function editsOf(path: string, source: string, { scanner, fixer }: Repairer, options: FixFilesOptions): Edit[] {
  const found = options.accept(scanner.scanSource(path, source).findings)
  if (found.length === 0) return []
  const lines = new Lines(source)
  const reported = found.map(({ line, column, endLine, endColumn }) => ({
    from: lines.startOf(line) + column - 1,
    to: lines.startOf(endLine) + endColumn - 1,
  }))
  const { cwd, tags, migrations } = options
  const edits = tryEdits(fixer, { path, shown: shownPath(cwd, path), source: codeOf(path, source), tags, migrations })
  return edits.filter((edit) => reported.some(({ from, to }) => from <= edit.from && edit.to <= to))
}

/** A file that cannot be parsed is reported by the check. */
function tryEdits(fixer: Fixer, request: Parameters<Fixer['editsOf']>[0]): Edit[] {
  try {
    return fixer.editsOf(request)
  } catch {
    return []
  }
}
