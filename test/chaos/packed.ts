import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../packed/run.ts'

const repository = join(import.meta.dirname, '../..')
const tarballFolder = join(repository, '.cache/packed')
const folder = join(repository, '.cache/chaos')

/**
 * The packages that the application needs in addition to the tarballs, by their names in the tests. Of Kysely, the last
 * version that is CommonJS as well.
 */
const besides = [
  'pg',
  'pg-cursor',
  'pg-query-stream',
  'kysely-oldest',
  '@prisma/client',
  '@prisma/adapter-pg',
  'prom-client',
]

let installed = false

/**
 * Installs the tarballs that `npm run build` packs, and copies the application to them. Takes some 10 s where they are
 * new.
 *
 * @returns the folder
 */
export function installPacked(): string {
  if (installed) return folder
  const tarballs = globSync('*.tgz', { cwd: tarballFolder }).map((name) => join(tarballFolder, name))
  if (tarballs.length === 0)
    throw new Error('There are no packed packages: run `npm run build` first, or say `--modules source`.')
  const stamp = tarballs.map((path) => `${path} ${statSync(path).mtimeMs}`).join('\n')
  const stampFile = join(folder, 'stamp')
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
    run('npm', ['install', '--no-audit', '--no-fund', ...tarballs, ...versions()], folder)
    writeFileSync(stampFile, stamp)
  }
  for (const path of ['test/chaos/application', 'test/generated/chaos']) {
    cpSync(join(repository, path), join(folder, path), { recursive: true })
  }
  installed = true
  return folder
}

/** The versions that the tests use. */
function versions(): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(repository, 'test/package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  return besides.map((name) => {
    const version = devDependencies[name]?.replace(/^npm:.*@/, '')
    return `${name.replace('-oldest', '')}@${version}`
  })
}
