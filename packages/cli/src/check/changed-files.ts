import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { UsageError } from '@poolsafe/config'

/**
 * Returns the files that differ from a commit, as absolute paths: in the work tree, in the index, and new ones.
 *
 * @param base a branch or a commit; the point where the work branched off counts, not its newest commit
 * @throws UsageError without Git, outside a repository and for an unknown base
 */
export function changedFiles(cwd: string, base: string): Set<string> {
  const root = git(cwd, 'rev-parse', '--show-toplevel').trim()
  checkKnown(root, base)
  const from = git(cwd, 'merge-base', base, 'HEAD').trim()
  const changed = git(root, 'diff', '--name-only', '-z', '--diff-filter=d', from)
  const added = git(root, 'ls-files', '--others', '--exclude-standard', '-z')
  const names = `${changed}${added}`.split('\0').filter((name) => name !== '')
  return new Set(names.map((name) => resolve(root, name)))
}

function checkKnown(root: string, base: string): void {
  if (isCommit(root, base)) return
  if (!isCommit(root, 'HEAD'))
    throw new UsageError('--changed: this repository has no commit yet, so all files are new: leave out --changed')
  throw new UsageError(`--changed: there is no commit or branch '${base}' here. ${remedy(root)}`)
}

function isCommit(root: string, name: string): boolean {
  return name !== '' && succeeds(root, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)
}

/** CI clones without history by default. */
function remedy(root: string): string {
  const isShallow = git(root, 'rev-parse', '--is-shallow-repository').trim() === 'true'
  return isShallow
    ? 'This clone is shallow: fetch the history, as with fetch-depth: 0 of actions/checkout'
    : 'Fetch it, or name another one, such as origin/main; put paths in front of --changed'
}

function succeeds(cwd: string, ...args: readonly string[]): boolean {
  try {
    execFileSync('git', args, { cwd, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function git(cwd: string, ...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 })
  } catch (error) {
    throw new UsageError(`--changed: ${reasonOf(error, args)}`, { cause: error })
  }
}

function reasonOf(error: unknown, [command = '']: readonly string[]): string {
  const { code, stderr = '', message } = error as NodeJS.ErrnoException & { readonly stderr?: string }
  if (code === 'ENOENT') return 'git is not installed; install it, or leave out --changed'
  if (stderr.includes('not a git repository'))
    return 'this folder is not a git repository; run it in one, or leave out --changed'
  // Git knows both commits, and says nothing.
  if (command === 'merge-base' && stderr.trim() === '') return 'the base and HEAD share no commit; name another base'
  const [said = ''] = stderr.trim().split('\n')
  return `git ${command} failed: ${said === '' ? message : said}`
}
