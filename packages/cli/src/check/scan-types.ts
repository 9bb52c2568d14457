import type { PoolerProfile } from '@poolsafe/core'
import type { StoredCode } from '@poolsafe/core/internal'
import type { ProjectFacts } from './configuration/project-facts.ts'
import type { CheckFinding, Problem, Skipped } from './finding.ts'

/** The files to scan, and the way to scan them. */
export interface ScanRequest {
  readonly cwd: string
  readonly poolers: readonly PoolerProfile[]
  /** Names of more tags that make SQL. */
  readonly tags: ReadonlySet<string>
  /** Globs of migrations, besides the folders that are known. */
  readonly migrations: readonly string[]
  /**
   * The files are some of a project, so what they import may not be among them. Each file that sends SQL and imports a
   * file is then parsed. @default false
   */
  readonly isPartial?: boolean | undefined
  /** The known facts about the code in the database. */
  readonly catalog?: StoredCode | undefined
}

/** The files that were read. */
export interface Counts {
  files: number
  /** Files with a word that may touch session state. Only these are parsed. */
  parsed: number
  scripts: number
  tags: number
  calls: number
}

/** The findings of one file, with what it says about the project. */
export interface FileResult extends ProjectFacts {
  readonly findings: readonly CheckFinding[]
  readonly skipped: readonly Skipped[]
}

/** The findings of a scan. Plain data. */
export interface ScanOutput {
  readonly results: readonly FileResult[]
  /** The statements of settings files about the pooler, in sentences. */
  readonly hints: readonly string[]
  /** The errors of comments that allow. */
  readonly problems: readonly Problem[]
  readonly counts: Readonly<Counts>
}
