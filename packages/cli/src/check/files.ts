import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { globSync } from 'tinyglobby'
import { UsageError } from '@poolsafe/config'
import { settingsFiles } from './configuration/check-settings-file.ts'
import type { Skipped } from './finding.ts'
import { reasonOf } from './read-file.ts'

/** The selection of files to check. */
export interface FileRequest {
  /** The working folder. */
  readonly cwd: string
  /** Files and folders from the command line. @default the working folder */
  readonly paths: readonly string[]
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** True if tests, examples and benchmarks are checked. */
  readonly tests: boolean
}

/** Everything that a check can read. */
export const defaultInclude: readonly string[] = [
  '**/*.{js,jsx,mjs,cjs,ts,tsx,mts,cts,vue,svelte,astro,sql}',
  ...settingsFiles,
]

/** Folders that no check looks into. */
export const neverFolders: readonly string[] =
  'node_modules .git dist build out coverage vendor .next .nuxt .svelte-kit .turbo .output .cache .yarn .pnpm-store .poolsafe-cache'.split(
    ' ',
  )

const never: readonly string[] = [
  `**/{${neverFolders.join(',')}}/**`,
  '**/*.d.{ts,mts,cts}',
  '**/*.min.{js,mjs,cjs}',
  '**/generated/**',
]

const testFiles: readonly string[] = [
  '**/*.{test,tests,spec,e2e,stories,bench,test-d,fixture,fixtures}.*',
  '**/*.{test,spec,e2e}-*.*',
  '**/{jest,vitest,cypress,playwright}{.,-}*.*',
  '**/*.{test,tests,spec}/**',
  '**/{cypress,e2e-*,*-e2e,*-tests,test-*,tests-*}/**',
  '**/{__tests__,__mocks__,__fixtures__,test,tests,e2e,fixtures,examples,example,demos,samples,benchmark,benchmarks,bench,playground,storybook}/**',
]

/** The files to check. */
export interface ListedFiles {
  /** Absolute paths in order. */
  readonly files: readonly string[]
  /** Folders that cannot be read. */
  readonly skipped: readonly Skipped[]
}

/**
 * Returns the files to check. Files that Git ignores are left out.
 *
 * @throws UsageError for a path that does not exist, and for a pipe or a device
 */
export function listFiles({ cwd, paths, include, exclude, tests }: FileRequest): ListedFiles {
  const roots = (paths.length === 0 ? ['.'] : paths).map((path) => resolve(cwd, path))
  for (const root of roots) checkRoot(root)
  const ignore = [...never, ...exclude, ...(tests ? [] : testFiles)]
  const refused = new Map<string, string>()
  const found = new Set(roots.flatMap((root) => filesBelow(root, include, ignore, refused)))
  const skipped = Array.from(refused, ([path, reason]) => ({ path: shownPath(cwd, path), reason }))
  return { files: withoutIgnored(cwd, [...found].toSorted()), skipped }
}

function checkRoot(root: string): void {
  if (!existsSync(root)) throw new UsageError(`there is no file or folder ${root}; name one, or none for all files`)
  const status = statSync(root)
  if (!status.isFile() && !status.isDirectory())
    throw new UsageError(`${root} is neither a file nor a folder; use --stdin-filepath to check standard input`)
}

/**
 * A file that is named is checked whatever its path is.
 *
 * @param refused gets the folders that cannot be read, with the reason
 */
function filesBelow(
  root: string,
  include: readonly string[],
  ignore: readonly string[],
  refused: Map<string, string>,
): string[] {
  if (statSync(root).isFile()) return [root]
  return globSync(include, {
    cwd: root,
    ignore,
    absolute: true,
    dot: true,
    // A link may lead back to a folder around it.
    followSymbolicLinks: false,
    expandDirectories: false,
    fs: { readdirSync: reading(refused) },
  })
}

/** The glob leaves out a folder that cannot be read without a word. */
function reading(refused: Map<string, string>): typeof readdirSync {
  const read = (path: string, options: { withFileTypes: true }): unknown => {
    try {
      return readdirSync(path, options)
    } catch (error) {
      refused.set(resolve(path), reasonOf(error))
      throw error
    }
  }
  return read as typeof readdirSync
}

/** Asks Git, where there is one. Its answer is the list of ignored paths. */
function withoutIgnored(cwd: string, files: readonly string[]): string[] {
  if (files.length === 0) return []
  const ignored = new Set(ignoredBy(cwd, files))
  return ignored.size === 0 ? [...files] : files.filter((file) => !ignored.has(file))
}

function ignoredBy(cwd: string, files: readonly string[]): string[] {
  try {
    const answer = execFileSync('git', ['check-ignore', '--stdin', '-z'], {
      cwd,
      input: files.join('\0'),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
    })
    return answer.split('\0').filter((path) => path !== '')
  } catch {
    // No Git, no repository, or nothing ignored (its exit code is then 1).
    return []
  }
}

/** Returns true for the path of a file; false for a folder, and for one that does not exist. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Returns a path relative to a folder, with slashes. */
export function shownPath(cwd: string, path: string): string {
  const shown = relative(cwd, path)
  return (isAbsolute(shown) ? path : shown).split(sep).join('/')
}
