import { join } from 'node:path'
import { runChild } from './child.ts'
import type { Results, Run } from './suite.ts'

/** Milliseconds for a whole suite, and for one test. What hangs is ended: tests that did not run count as failed. */
const suiteMillis = 300_000
const testMillis = 30_000

interface MochaSuite {
  /** The folder in which mocha is installed. */
  readonly folder: string
  readonly cwd: string
  readonly files: string
  /** Node's, in each run and in the guarded ones. */
  readonly flags: readonly string[]
  readonly guardFlags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** One line of mocha's reporter `json-stream`. It also tells of a run that was ended. */
type Line = readonly [event: 'pass' | 'fail', test: { readonly fullTitle: string; readonly err?: string }]

/** Runs tests with mocha, in a process of its own. */
export async function mocha(
  { folder, cwd, files, flags, guardFlags, env }: MochaSuite,
  { isGuarded, guardEnv = {}, only }: Run,
): Promise<Results> {
  const node = [...(isGuarded ? guardFlags : []), ...flags, join(folder, 'node_modules/mocha/bin/mocha.js')]
  const wanted = only === undefined ? [] : ['--fgrep', only.replace(/ \(\d+\)$/, '')]
  const args = [
    ...node,
    '--no-config',
    '--exit',
    '--timeout',
    String(testMillis),
    '--reporter',
    'json-stream',
    ...wanted,
  ]
  const { stdout, stderr } = await runChild(process.execPath, [...args, files], {
    cwd,
    env: { ...env, ...guardEnv },
    limitMillis: suiteMillis,
  })
  const results = resultsOf(stdout)
  if (results.size === 0) throw new Error(`mocha gave no results in ${cwd}:\n${stderr.slice(-2000)}`)
  return results
}

/** The second test of a title is `title (2)`. */
function resultsOf(stdout: string): Results {
  const results = new Map<string, string | undefined>()
  const counts = new Map<string, number>()
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('["pass",') && !line.startsWith('["fail",')) continue
    const [event, { fullTitle, err = 'failed' }] = JSON.parse(line) as Line
    const count = (counts.get(fullTitle) ?? 0) + 1
    counts.set(fullTitle, count)
    results.set(count === 1 ? fullTitle : `${fullTitle} (${count})`, event === 'pass' ? undefined : err)
  }
  return results
}
