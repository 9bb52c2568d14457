import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run } from './run.ts'

// Runs examples/*-vitest as a user has them: installed with npm from the packed tarballs. Run by `npm run examples`,
// after `npm run build`.

interface Fault {
  readonly test: string
  readonly rule: string
  /** Why it fails also with repairs and direct connections. */
  readonly remains?: string
}

interface Assertion {
  readonly title: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

interface Report {
  readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly Assertion[] }[]
}

type Manifest = Record<string, Record<string, string>>

const repository = join(import.meta.dirname, '../..')
const tarballs = globSync('.cache/packed/*.tgz', { cwd: repository }).map((name) => join(repository, name))
if (tarballs.length === 0) fail('there are no tarballs in .cache/packed: run npm run build first')

const folder = mkdtempSync(join(tmpdir(), 'poolsafe-examples-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
// For root, PostgreSQL runs as another user, who has to get to its program inside.
chmodSync(folder, 0o755)

const examples = globSync('examples/*-vitest', { cwd: repository }).map((path) => basename(path))
for (const example of examples) copy(example)
writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, workspaces: examples }))
run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], folder)
for (const example of examples) await check(example)

/** Without what the workspace alone understands: `workspace:` is taken from the tarballs at the top. */
function copy(example: string): void {
  const target = join(folder, example)
  cpSync(join(repository, 'examples', example), target, {
    recursive: true,
    filter: (path) => !/[/\\](node_modules|generated)$/.test(path),
  })
  const path = join(target, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  for (const kind of ['dependencies', 'devDependencies']) {
    const entries = Object.entries(manifest[kind] ?? {})
    manifest[kind] = Object.fromEntries(entries.filter(([, version]) => !version.startsWith('workspace:')))
  }
  writeFileSync(path, JSON.stringify(manifest))
}

async function check(example: string): Promise<void> {
  const cwd = join(folder, example)
  run('npm', ['run', '--silent', '--if-present', 'generate'], cwd)
  const { faults } = (await import(pathToFileURL(join(cwd, 'faulty/faults.ts')).href)) as { faults: readonly Fault[] }
  expectFailures(example, 'test', cwd, [])
  expectFailures(example, 'test:ordinary', cwd, [])
  expectFailures(example, 'test:faulty', cwd, faults)
  const { scripts = {} } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as Manifest
  if ('test:repaired' in scripts)
    expectFailures(
      example,
      'test:repaired',
      cwd,
      faults.filter(({ remains }) => remains !== undefined),
    )
}

/** Exactly these tests fail, and each says which rule it breaks. */
function expectFailures(example: string, script: string, cwd: string, faults: readonly Fault[]): void {
  const { assertions, output } = runTests(script, cwd)
  const failed = assertions.filter(({ status }) => status === 'failed')
  const passed = assertions.filter(({ status }) => status === 'passed')
  const named = faults.filter(({ test, rule }) =>
    failed.some(({ title, failureMessages }) => title === test && failureMessages.join().includes(`(${rule})`)),
  )
  console.log(
    `${example}, npm run ${script}: ${passed.length} passed, ${failed.length} failed, ${named.length} of ${faults.length} faults named`,
  )
  if (
    passed.length === 0 ||
    passed.length + failed.length !== assertions.length ||
    failed.length !== faults.length ||
    named.length !== faults.length
  ) {
    fail(`${example}: npm run ${script} fails other tests than it ought to\n${output}`)
  }
}

function runTests(script: string, cwd: string): { assertions: readonly Assertion[]; output: string } {
  const file = join(cwd, 'report.json')
  rmSync(file, { force: true })
  const { stdout, stderr } = spawnSync(
    'npm',
    ['run', '--silent', script, '--', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  const output = `${stdout}${stderr}`
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report
    return { assertions: testResults.flatMap(({ assertionResults }) => assertionResults), output }
  } catch {
    return fail(`npm run ${script} made no report\n${output}`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
