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
  const from = git(cwd, 'merge-base', base, 'HEAD').trim()
  const changed = git(root, 'diff', '--name-only', '-z', '--diff-filter=d', from)
  const added = git(root, 'ls-files', '--others', '--exclude-standard', '-z')
  const names = `${changed}${added}`.split('\0').filter((name) => name !== '')
  return new Set(names.map((name) => resolve(root, name)))
}

function git(cwd: string, ...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 })
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string }
    const [reason = message] = (stderr ?? '').trim().split('\n')
    const said = reason === '' ? message : reason
    throw new UsageError(
      `--changed: git ${args[0] ?? ''} failed: ${said}${args[0] === 'merge-base' ? hint(cwd) : ''}`,
      {
        cause: error,
      },
    )
  }
}

/** CI clones without history unless it is told to. */
function hint(cwd: string): string {
  const isShallow = git(cwd, 'rev-parse', '--is-shallow-repository').trim() === 'true'
  return isShallow ? '. This clone is shallow: fetch the history, as with fetch-depth: 0 of actions/checkout' : ''
}
