import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A checkout of another commit, ready to be measured by this commit's bench. */
export interface Checkout {
  readonly tree: string
  remove(): Promise<void>
}

/**
 * Checks a commit out into a temporary folder, installs its dependencies, and replaces its bench with this one. So the
 * same bench measures the packages of both commits.
 */
export async function checkOutCommit(repository: string, commit: string): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'poolsafe-bench-'))
  const tree = join(folder, 'before')
  const git = (...args: string[]): Promise<unknown> => run('git', args, { cwd: repository })
  const remove = async (): Promise<void> => {
    await git('worktree', 'remove', '--force', tree)
    await rm(folder, { recursive: true })
  }
  await git('worktree', 'add', '--detach', tree, commit)
  try {
    await run('npm', ['run', '--silent', 'setup'], { cwd: tree })
    await run(process.execPath, ['test/setup/generate.ts'], { cwd: tree })
    await rm(join(tree, 'test/bench'), { recursive: true, force: true })
    await cp(join(repository, 'test/bench'), join(tree, 'test/bench'), { recursive: true })
  } catch (error) {
    await remove()
    throw error
  }
  return { tree, remove }
}
