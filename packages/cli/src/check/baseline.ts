import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
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
  /** The hash of rule, path and statement. */
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
  if (!existsSync(path)) throw refusalOf(path, 'there is no such file; write one with --update-baseline')
  if (statSync(path).isDirectory())
    throw refusalOf(path, 'it is a folder; name a file, or put the folders to check in front of --baseline')
  const value = parse(path)
  if (isBaseline(value)) return value
  throw refusalOf(path, 'it is no baseline of this version; write it again with --update-baseline')
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const { message } = error as Error
    throw refusalOf(path, `it is no baseline (${message}); write it again with --update-baseline`, error)
  }
}

function refusalOf(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`--baseline: ${path}: ${why}`, { cause })
}

function isBaseline(value: unknown): value is Baseline {
  if (typeof value !== 'object' || value === null) return false
  const { version, findings } = value as Partial<Baseline>
  return version === 1 && Array.isArray(findings) && findings.every(isEntry)
}

function isEntry(value: unknown): boolean {
  const { path, rule, fingerprint, count } = (value ?? {}) as Partial<BaselineEntry>
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
