import { relative, resolve } from 'node:path'
import { writeReport } from '../terminal/write-report.ts'
import { compareWith, readBaseline, toBaseline } from './baseline.ts'
import type { CheckFinding } from './finding.ts'
import { counted } from './report/result.ts'
import { usualBaseline, type CheckRequest } from './request.ts'

/** The findings that a baseline leaves. */
export interface Applied {
  readonly findings: readonly CheckFinding[]
  /** The effect of the baseline, for the end of a report without errors. */
  readonly clean?: string | undefined
  /** The remedy for the baseline. */
  readonly note?: string | undefined
}

/**
 * Leaves out what the baseline has. Writes it if that was asked for: then nothing is left to report.
 *
 * @throws UsageError for a baseline that cannot be read or written
 */
export function applyBaseline(
  found: readonly CheckFinding[],
  { baseline, updateBaseline }: CheckRequest,
  cwd: string,
): Applied {
  if (baseline === undefined && updateBaseline !== true) return { findings: found }
  const path = resolve(cwd, typeof baseline === 'string' ? baseline : usualBaseline)
  const name = relative(cwd, path)
  if (updateBaseline === true) {
    writeReport('--update-baseline', path, toBaseline(found))
    return { findings: [], clean: `wrote ${counted(found.length, 'finding')} to ${name}` }
  }
  const { findings, gone } = compareWith(readBaseline(path), found)
  const known = counted(found.length - findings.length, 'known finding')
  return {
    findings,
    clean: `nothing new, ${known} in ${name}`,
    note: gone === 0 ? undefined : `the baseline has ${counted(gone, 'stale finding')}: run --update-baseline\n`,
  }
}
