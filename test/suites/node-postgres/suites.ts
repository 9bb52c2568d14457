import { globSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../child.ts'
import { environment, type Results, type Suite } from '../suite.ts'

/** Milliseconds for one package's suite, and for one file of pg's: what hangs is ended and counts as failed. */
const suiteMillis = 300_000
const fileMillis = 30_000

const guarding = ['--conditions=@poolsafe/source', '--require', join(import.meta.dirname, 'guard-every-pool.cjs')]

export const nodePostgresSuites: readonly Suite[] = [
  mochaSuite('pg-pool', 'test/*.js', []),
  mochaSuite('pg-cursor', 'test/*.js', []),
  mochaSuite('pg-query-stream', 'test/*.ts', ['--import', 'tsx']),
  { name: 'pg', repository: 'node-postgres', run: runFilesOfPg },
]

function mochaSuite(name: string, files: string, flags: readonly string[]): Suite {
  return {
    name,
    repository: 'node-postgres',
    async run(folder, guarded, server) {
      const mocha = join(folder, 'node_modules/mocha/bin/mocha.js')
      const args = [
        ...(guarded ? guarding : []),
        ...flags,
        mocha,
        '--exit',
        '--no-config',
        '--timeout',
        '10000',
        '--reporter',
        'json',
        files,
      ]
      const cwd = join(folder, 'packages', name)
      const { stdout, stderr } = await runChild(process.execPath, args, { cwd, env: environment(server), limitMillis: suiteMillis })
      const json = stdout.slice(stdout.indexOf('{\n  "stats"'))
      if (!json.startsWith('{')) throw new Error(`${name}: mocha gave no results:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`)
      return resultsOf(JSON.parse(json) as MochaReport)
    },
  }
}

interface MochaReport {
  readonly passes: readonly { readonly fullTitle: string }[]
  readonly failures: readonly { readonly fullTitle: string }[]
}

function resultsOf({ passes, failures }: MochaReport): Results {
  return new Map([
    ...passes.map(({ fullTitle }) => [fullTitle, 'passed'] as const),
    ...failures.map(({ fullTitle }) => [fullTitle, 'failed'] as const),
  ])
}

/** pg's tests are scripts: each passes if its process ends with 0. */
async function runFilesOfPg(folder: string, guarded: boolean, server: Parameters<Suite['run']>[2]): Promise<Results> {
  const cwd = join(folder, 'packages/pg')
  const files = ['test/unit/**/*-tests.js', 'test/integration/**/*-tests.js'].flatMap((pattern) => globSync(pattern, { cwd })).toSorted()
  const results = new Map<string, 'passed' | 'failed'>()
  for (const file of files) {
    const args = [...(guarded ? guarding : []), file]
    const { code } = await runChild(process.execPath, args, { cwd, env: environment(server), limitMillis: fileMillis })
    results.set(file, code === 0 ? 'passed' : 'failed')
  }
  return results
}
