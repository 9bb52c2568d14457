import { poolers, rules, type GuardOptions, type PoolerProfile } from '@poolsafe/core'
import { poolerNamed, unknownName, UsageError } from '@poolsafe/config'
import type { Style } from '../terminal/style.ts'
import { formats, type Format } from './report/all.ts'

/** The request of `poolsafe check`, as the command line has it. */
export interface CheckRequest {
  readonly paths: readonly string[]
  readonly style: Style
  readonly config?: string | undefined
  /** The file that `poolsafe audit --write` has written. */
  readonly catalog?: string | undefined
  readonly format?: string | undefined
  readonly output?: string | undefined
  readonly pooler?: readonly string[] | undefined
  readonly rule?: readonly string[] | undefined
  readonly tests?: boolean | undefined
  readonly all?: boolean | undefined
  /** The path of the baseline; `true` for the usual one. */
  readonly baseline?: string | true | undefined
  readonly updateBaseline?: boolean | undefined
  /** The commit to compare with; `true` for the newest one. */
  readonly changed?: string | true | undefined
  readonly fix?: boolean | undefined
  readonly dryRun?: boolean | undefined
  /** Checks again whenever a file changes. */
  readonly watch?: boolean | undefined
  /** True if the result of the last check counts where nothing has changed. */
  readonly cache?: boolean | undefined
  /** The folder of the cache. It turns the cache on. */
  readonly cacheLocation?: string | undefined
  /** The path that standard input pretends to be. */
  readonly stdinFilepath?: string | undefined
}

/** The usual file of the baseline. */
export const usualBaseline = 'poolsafe-baseline.json'

/** @throws UsageError for options that contradict each other, and for an unknown format */
export function checkContradictions(request: CheckRequest): void {
  if (request.format !== undefined) formatNamed(request.format)
  const { fix, dryRun, stdinFilepath, updateBaseline, changed, rule, paths } = request
  const refuse = (message: string): never => {
    throw new UsageError(message)
  }
  if (request.cache === false && request.cacheLocation !== undefined)
    refuse('--cache-location needs the cache: leave out --no-cache')
  if (request.watch === true && stdinFilepath !== undefined) refuse('--watch cannot check standard input')
  if (request.watch === true && updateBaseline === true)
    refuse('--watch cannot write a baseline: run --update-baseline once')
  if (dryRun === true && fix !== true) refuse('--dry-run shows what --fix would change: add --fix')
  if (stdinFilepath !== undefined && fix === true) refuse('--fix cannot change standard input')
  if (stdinFilepath !== undefined && (paths.length > 0 || changed !== undefined))
    refuse('--stdin-filepath checks standard input only: leave out paths and --changed')
  if (updateBaseline === true && (changed !== undefined || (rule ?? []).length > 0 || paths.length > 0))
    refuse('--update-baseline needs all findings: leave out paths, --changed and --rule')
}

/** The profiles to judge for: those of the command line, that of the configuration, or the strictest one. */
export function profilesOf(names: readonly string[] | undefined, { pooler }: GuardOptions): PoolerProfile[] {
  if (names !== undefined && names.length > 0) return names.map((name) => poolerNamed(name))
  return [pooler ?? poolers.strictest()]
}

/** @throws UsageError for an unknown format */
export function formatNamed(name: string): Format {
  const found = formats.find((format) => format === name)
  if (found !== undefined) return found
  throw unknownName('--format', 'format', name, formats)
}

/** @throws UsageError for an unknown rule */
export function checkRules(ids: readonly string[]): readonly string[] {
  const known: readonly string[] = rules.map(({ id }) => id)
  const wrong = ids.find((id) => !known.includes(id))
  if (wrong === undefined) return ids
  throw unknownName('--rule', 'rule', wrong, known)
}
