import { plural } from '@poolsafe/core/internal'
import type { CheckFinding, Problem, Skipped } from '../finding.ts'
import type { Counts } from '../scan-types.ts'

/** The result of a check, for the reports. Plain data. */
export interface CheckResult {
  /** In the order of paths and lines. */
  readonly findings: readonly CheckFinding[]
  readonly skipped: readonly Skipped[]
  /** The errors of comments that allow: unused, or malformed. */
  readonly problems: readonly Problem[]
  readonly counts: Readonly<Counts>
  /** The poolers that were asked about, in words. */
  readonly poolers: readonly string[]
  readonly millis: number
  /** The statements of settings files about the pooler, in sentences. */
  readonly hints: readonly string[]
}

/** Returns the findings of one level. */
export function ofLevel({ findings }: CheckResult, level: CheckFinding['level']): CheckFinding[] {
  return findings.filter((finding) => finding.level === level)
}

/** Returns a number, which may be large, with its noun: `1 finding`, `1,332 files`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${plural(count, noun)}`
}
