import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '@poolsafe/config'
import type { CheckFinding } from './finding.ts'

/** Findings that are known and wait to be mended. New ones are reported as ever. */
export interface Baseline {
  readonly version: 1
  readonly findings: readonly BaselineEntry[]
}

/** Equal findings of one file. Lines are left out, because they move. */
export interface BaselineEntry {
  readonly path: string
  readonly rule: string
  /** Of rule, path and statement. */
  readonly fingerprint: string
  readonly count: number
}

/** Returns what stays the same for a finding when lines move: its rule, its file and its statement. */
export function fingerprintOf({ rule, path, statement, message }: CheckFinding): string {
  const text = [rule, path, statement === '' ? message : statement].join('\0')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/**
 * Reads a baseline.
 *
 * @throws UsageError for a file that is missing or is no baseline
 */
export function readBaseline(path: string): Baseline {
  if (!existsSync(path)) throw new UsageError(`there is no baseline ${path}; write one with --update-baseline`)
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Baseline
    if (value.version === 1 && Array.isArray(value.findings) && value.findings.every(isEntry)) return value
  } catch (error) {
    throw new UsageError(`${path} is no baseline: ${(error as Error).message}`, { cause: error })
  }
  throw new UsageError(`${path} is no baseline: write it again with --update-baseline`)
}

function isEntry({ path, rule, fingerprint, count }: BaselineEntry): boolean {
  return [path, rule, fingerprint].every((text) => typeof text === 'string') && typeof count === 'number'
}

/** Makes the baseline of findings, as the text of its file. */
export function toBaseline(findings: readonly CheckFinding[]): string {
  const entries = new Map<string, BaselineEntry>()
  for (const finding of findings) {
    const fingerprint = fingerprintOf(finding)
    const count = (entries.get(fingerprint)?.count ?? 0) + 1
    entries.set(fingerprint, { path: finding.path, rule: finding.rule, fingerprint, count })
  }
  const baseline: Baseline = { version: 1, findings: [...entries.values()] }
  return `${JSON.stringify(baseline, undefined, 2)}\n`
}

/** The findings that a baseline does not have, and how many of its own are gone. */
export interface Compared {
  readonly findings: readonly CheckFinding[]
  readonly gone: number
}

/** Leaves out the findings of a baseline, each as often as it is in there. */
export function compareWith(baseline: Baseline, findings: readonly CheckFinding[]): Compared {
  const left = new Map(baseline.findings.map(({ fingerprint, count }) => [fingerprint, count]))
  const added = findings.filter((finding) => {
    const fingerprint = fingerprintOf(finding)
    const count = left.get(fingerprint) ?? 0
    if (count > 0) left.set(fingerprint, count - 1)
    return count === 0
  })
  return { findings: added, gone: [...left.values()].reduce((sum, count) => sum + count, 0) }
}
