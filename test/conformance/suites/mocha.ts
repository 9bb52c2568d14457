import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from './child.ts'
import type { Results, Run } from './suite.ts'

/** Milliseconds for a whole suite, and for one test: what hangs is ended and counts as failed. */
const suiteMillis = 300_000
const testMillis = 30_000

interface MochaSuite {
  /** Where mocha is installed. */
  readonly folder: string
  readonly cwd: string
  readonly files: string
  /** Node's, in each run and in the guarded ones. */
  readonly flags: readonly string[]
  readonly guardFlags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** What mocha's reporter `json` writes. */
interface Report {
  readonly passes: readonly { readonly fullTitle: string }[]
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[]
}

/** Runs tests with mocha, in a process of its own. */
export async function mocha(
  { folder, cwd, files, flags, guardFlags, env }: MochaSuite,
  { isGuarded, only }: Run,
): Promise<Results> {
  const output = join(folder, '.poolsafe-report.json')
  await rm(output, { force: true })
  const node = [...(isGuarded ? guardFlags : []), ...flags, join(folder, 'node_modules/mocha/bin/mocha.js')]
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`]
  const wanted = only === undefined ? [] : ['--fgrep', only]
  const args = [...node, '--no-config', '--exit', '--timeout', String(testMillis), ...reporter, ...wanted, files]
  const { stderr } = await runChild(process.execPath, args, { cwd, env, limitMillis: suiteMillis })
  const report = await readFile(output, 'utf8').catch(() => {
    throw new Error(`mocha gave no results in ${cwd}:\n${stderr.slice(-2000)}`)
  })
  return resultsOf(JSON.parse(report) as Report)
}

/** Of tests that share a title, one that fails counts. */
function resultsOf({ passes, failures }: Report): Results {
  return new Map([
    ...passes.map(({ fullTitle }) => [fullTitle, undefined] as const),
    ...failures.map(({ fullTitle, err }) => [fullTitle, err.message ?? 'failed'] as const),
  ])
}
