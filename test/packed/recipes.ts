import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { run } from './run.ts'

interface Ended {
  readonly status: number | null
  readonly output: string
}

/** A recipe of the package, and how it is tried. */
interface Recipe {
  readonly name: string
  /** Runs it in a repository whose files have a finding, or have none. */
  readonly run: (cwd: string) => Ended
  /** The output for the finding. */
  readonly prints: RegExp
}

/**
 * Runs the recipes for CI as they are in the installed package: npx, bash and lint-staged are the real ones. GitHub,
 * GitLab and pre-commit run the same lines.
 *
 * @param folder where npm has installed the tarballs
 */
export function checkRecipes(folder: string): void {
  for (const recipe of recipesOf(join(folder, 'node_modules/poolsafe/ci'))) {
    for (const isUnsafe of [true, false]) {
      const { status, output } = recipe.run(writeRepository(folder, recipe.name, isUnsafe))
      if ((status === 0) === isUnsafe || recipe.prints.test(output) !== isUnsafe)
        throw new Error(`${recipe.name} ended with ${status} (${isUnsafe ? 'a finding' : 'no finding'}):\n${output}`)
    }
  }
}

function recipesOf(ci: string): readonly Recipe[] {
  const text = (name: string): string => readFileSync(join(ci, name), 'utf8')
  const action = parse(text('action.yml')) as { runs: { steps: { run: string }[] } }
  const gitlab = parse(text('gitlab-ci.yml')) as {
    poolsafe: { script: string[]; artifacts: { reports: { codequality: string } } }
  }
  const hooks = parse(text('pre-commit-config.yaml')) as { repos: { hooks: { entry: string }[] }[] }
  const { script, artifacts } = gitlab.poolsafe
  const github = { POOLER: 'pgbouncer@1.24', ARGUMENTS: '--all', GITHUB_ACTIONS: 'true' }
  return [
    {
      name: 'action.yml',
      run: (cwd) => bash(action.runs.steps.map((step) => step.run).join('\n'), cwd, github),
      prints: /^::error file=src\/a file\.ts,line=1,/m,
    },
    {
      name: 'gitlab-ci.yml',
      run: (cwd) => {
        const { status } = bash(script.join('\n'), cwd)
        return { status, output: readFileSync(join(cwd, artifacts.reports.codequality), 'utf8') }
      },
      prints: /"check_name": "session\/listen"/,
    },
    {
      name: 'pre-commit-config.yaml',
      run: (cwd) => bash(`${hooks.repos[0]?.hooks[0]?.entry ?? ''} 'src/a file.ts'`, cwd),
      prints: /src\/a file\.ts:1:/,
    },
    {
      name: 'lint-staged.config.mjs',
      run: (cwd) => {
        copyFileSync(join(ci, 'lint-staged.config.mjs'), join(cwd, 'lint-staged.config.mjs'))
        return bash('npx --no-install lint-staged', cwd)
      },
      prints: /src\/a file\.ts:1:21: error: LISTEN/,
    },
  ]
}

/** A Git repository below the folder, so that npx finds what is installed there. Its file is staged. */
function writeRepository(folder: string, name: string, isUnsafe: boolean): string {
  const cwd = join(folder, 'recipes', `${name}-${isUnsafe ? 'unsafe' : 'safe'}`)
  mkdirSync(join(cwd, 'src'), { recursive: true })
  writeFileSync(join(cwd, 'README.md'), '')
  git(cwd, 'init', '--quiet')
  git(cwd, 'add', '.')
  git(cwd, '-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '--quiet', '--message', 'start')
  writeFileSync(join(cwd, 'src/a file.ts'), `await client.query('${isUnsafe ? 'LISTEN orders' : 'SELECT 1'}')\n`)
  git(cwd, 'add', '.')
  return cwd
}

function git(cwd: string, ...args: readonly string[]): void {
  run('git', args, cwd)
}

function bash(script: string, cwd: string, more: Readonly<Record<string, string>> = {}): Ended {
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-eo', 'pipefail', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...more },
  })
  return { status, output: stdout + stderr }
}
