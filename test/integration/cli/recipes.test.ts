import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { writeProject } from '../../support/cli/project.ts'

const root = resolve(import.meta.dirname, '../../..')
const recipes = join(root, 'packages/cli/ci')

interface Action {
  readonly runs: {
    readonly steps: readonly { readonly run: string; readonly env: Readonly<Record<string, string>> }[]
  }
}

interface GitLabJobs {
  readonly poolsafe: {
    readonly script: readonly string[]
    readonly artifacts: { readonly reports: { readonly codequality: string } }
  }
}

interface Hooks {
  readonly repos: readonly { readonly hooks: readonly { readonly entry: string }[] }[]
}

function recipe(file: string): unknown {
  return parse(readFileSync(join(recipes, file), 'utf8'))
}

/** A Git repository with a finding, and an `npx` that runs the command of this repository. */
function writeRepository(): { readonly cwd: string; readonly bin: string } {
  const cwd = writeProject({
    'src/a.ts': "await pool.query('LISTEN a')\n",
    'src/with blank.ts': "await pool.query('SET search_path = a')\n",
    'src/clean.ts': "await pool.query('SELECT 1')\n",
  })
  execFileSync('git', ['init', '--quiet'], { cwd })
  const bin = join(cwd, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  const command = join(root, 'packages/cli/src/bin.ts')
  const lines = [
    '#!/usr/bin/env bash',
    // As the real one: its own options, then the name of the package.
    'while [[ $1 == --* ]]; do shift; done',
    '[ "$1" = poolsafe ] || { echo "npx runs $1" >&2; exit 99; }',
    `exec '${process.execPath}' --conditions=@poolsafe/source '${command}' "\${@:2}"`,
  ]
  writeFileSync(join(bin, 'npx'), `${lines.join('\n')}\n`)
  chmodSync(join(bin, 'npx'), 0o755)
  return { cwd, bin }
}

/** Runs a line of a recipe as CI does. */
function runLine(
  line: string,
  env: Readonly<Record<string, string>> = {},
  files: readonly string[] = [],
): { readonly code: number; readonly out: string; readonly cwd: string } {
  const { cwd, bin } = writeRepository()
  const options = { cwd, encoding: 'utf8', env: { PATH: `${bin}:${process.env['PATH']}`, ...env } } as const
  try {
    return {
      code: 0,
      out: execFileSync('bash', ['--norc', '-eo', 'pipefail', '-c', line, 'bash', ...files], options),
      cwd,
    }
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string }
    return { code: status, out: stdout, cwd }
  }
}

describe('the action for GitHub', () => {
  const [step] = (recipe('action.yml') as Action).runs.steps
  const run = (pooler: string, more: string): ReturnType<typeof runLine> =>
    runLine(step?.run ?? '', { POOLER: pooler, ARGUMENTS: more, GITHUB_ACTIONS: 'true' })

  it('passes its inputs as variables that its script reads', () => {
    // An input in the script itself would be code.
    expect(step?.run).not.toContain('${{')
    expect(step?.env).toEqual({ POOLER: '${{ inputs.pooler }}', ARGUMENTS: '${{ inputs.arguments }}' })
  })

  it.each([
    ['', ''],
    ['pgbouncer@1.24', '--all --rule session/listen,session/set'],
  ])('annotates the findings and fails (pooler %j, arguments %j)', (pooler, more) => {
    const { code, out } = run(pooler, more)
    expect(code).toBe(1)
    expect(out).toMatch(/^::error file=src\/a\.ts,line=1,/m)
    expect(out).toContain('file=src/with blank.ts')
  })

  it('runs nothing that stands in an input', () => {
    for (const input of ['; touch owned', '$(touch owned)', '`touch owned`'])
      expect(existsSync(join(run(`pgbouncer${input}`, input).cwd, 'owned'))).toBe(false)
  })

  it('passes if nothing is found', () => {
    expect(run('', 'src/clean.ts').code).toBe(0)
  })
})

it('the job for GitLab writes its report and fails', () => {
  const { script, artifacts } = (recipe('gitlab-ci.yml') as GitLabJobs).poolsafe
  const { code, cwd } = runLine(script.join('\n'))
  expect(code).toBe(1)
  const report = JSON.parse(readFileSync(join(cwd, artifacts.reports.codequality), 'utf8')) as readonly object[]
  expect(report).toHaveLength(2)
})

it('the hook of pre-commit checks the files that it is given', () => {
  const entry = (recipe('pre-commit-config.yaml') as Hooks).repos[0]?.hooks[0]?.entry ?? ''
  expect(runLine(`${entry} "$@"`, {}, ['src/clean.ts']).code).toBe(0)
  const { code, out } = runLine(`${entry} "$@"`, {}, ['src/clean.ts', 'src/with blank.ts'])
  expect(code).toBe(1)
  expect(out).toContain('src/with blank.ts:1')
  expect(out).not.toContain('src/a.ts')
})
