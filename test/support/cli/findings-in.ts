import { join } from 'node:path'
import { poolers, type PoolerProfile } from '@poolsafe/core'
import { Scanner } from '../../../packages/cli/src/check/scan.ts'

/** How `findingsIn` reads a text. */
export interface As {
  /** The path of the file that the text pretends to be. @default 'src/db.ts' */
  readonly path?: string
  readonly pooler?: PoolerProfile
  readonly tags?: readonly string[]
}

/** Checks a text and returns its findings in short: `3 session/set`, with `note` in front of what is only a note. */
export function findingsIn(
  source: string,
  { path = 'src/db.ts', pooler = poolers.strictest(), tags = [] }: As = {},
): string[] {
  const cwd = '/nowhere'
  const scanner = new Scanner({ cwd, poolers: [pooler], tags: new Set(tags), migrations: [] })
  const { findings, skipped } = scanner.scanSource(join(cwd, path), source)
  return [
    ...findings.map(({ level, line, rule }) => `${level === 'note' ? 'note ' : ''}${line} ${rule}`),
    ...scanner.problems.map(({ line, message }) => `${line} ${message}`),
    ...skipped.map(({ reason }) => `skipped: ${reason}`),
  ]
}
