import { writeFileSync } from 'node:fs'
import { shownPath } from './files.ts'
import { applyEdits, diffOf, Fixer } from './fix.ts'
import { mayTouchSessions } from './prefilter.ts'
import { readSource } from './read-file.ts'
import { counted } from './report/result.ts'
import type { ScanRequest } from './scan-types.ts'

/** How files are repaired. */
export interface FixFilesOptions extends ScanRequest {
  /** Shows the changes and writes nothing. */
  readonly isDry: boolean
}

/** Repairs files, or shows how they would be repaired. Returns what was done, for people. */
export function fixFiles(files: readonly string[], options: FixFilesOptions): string {
  const changes = files.flatMap((path) => {
    const found = fixFile(path, options)
    return found === undefined ? [] : [found]
  })
  const verb = options.isDry ? 'would change' : 'changed'
  return `${changes.join('')}${verb} ${counted(changes.length, 'file')}\n`
}

/** @returns the diff; `undefined` for a file without an exact repair */
function fixFile(path: string, { cwd, poolers, tags, migrations, isDry }: FixFilesOptions): string | undefined {
  const content = readSource(path)
  if (!('source' in content) || !mayTouchSessions(content.source) || !/\.(?:[mc]?[jt]sx?|sql)$/.test(path))
    return undefined
  const { source } = content
  const shown = shownPath(cwd, path)
  const fixed = poolers.reduce((text, pooler) => {
    const edits = editsOf(new Fixer(pooler), { path, shown, source: text, tags, migrations })
    return applyEdits(text, edits)
  }, source)
  if (fixed === source) return undefined
  if (!isDry) writeFileSync(path, fixed)
  return diffOf(shown, source, fixed)
}

/** A file that cannot be parsed is reported by the check. */
function editsOf(fixer: Fixer, request: Parameters<Fixer['editsOf']>[0]): ReturnType<Fixer['editsOf']> {
  try {
    return fixer.editsOf(request)
  } catch {
    return []
  }
}
