import type { Finding, Outcome, RuleId } from '@poolsafe/core'

/**
 * - `error`: the statement is wrong behind this pooler
 * - `note`: it may be wrong; the code does not show enough, or it depends on which connection runs it
 */
export type Level = 'error' | 'note'

/** The kind of text that a finding is in. */
export type Origin = 'code' | 'sql' | 'migration' | 'configuration'

/** A place in a file, with lines and columns from 1. */
export interface Place {
  /** Relative to the working folder, with slashes. */
  readonly path: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** A finding of `poolsafe check`. Plain data. */
export interface CheckFinding extends Omit<Finding, 'rule'>, Place {
  readonly rule: RuleId
  readonly outcome: Outcome
  readonly level: Level
  readonly origin: Origin
  /** The statement on one line with `?` for its literals; empty for a finding of a configuration. */
  readonly statement: string
  /** The statement as it is, for exceptions. Reports leave it out, because it has literals. */
  readonly sql: string
  /** The poolers behind which it is wrong. */
  readonly poolers: readonly string[]
}

/** Something that is wrong with a comment of poolsafe itself. */
export interface Problem {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** A file, or a part of one, that could not be checked. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}
