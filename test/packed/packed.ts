import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './run.ts'

/** How an application loads the packages: their ES modules or their CommonJS modules. */
export type ModuleSystem = 'import' | 'require'

/** Both module systems. */
export const moduleSystems: readonly ModuleSystem[] = ['import', 'require']

const repository = join(import.meta.dirname, '../..')
const packed = join(repository, '.cache/packed')
const modules = join(packed, 'unpacked/node_modules')

interface Manifest {
  readonly exports: Readonly<Record<string, string | Target>>
}

interface Target {
  readonly default?: string
  readonly import?: { readonly default: string }
  readonly require?: { readonly default: string }
}

/**
 * Unpacks the tarballs of `npm run build` into a `node_modules` folder. Links beside them lead to the other packages of
 * the tests, so a test and the packages share one copy of `pg`, Kysely and Prisma.
 */
export function unpackTarballs(): void {
  const tarballs = globSync('*.tgz', { cwd: packed })
  if (tarballs.length === 0) throw new Error('.cache/packed has no tarballs: run npm run build first')
  rmSync(modules, { recursive: true, force: true })
  for (const tarball of tarballs) {
    const folder = join(modules, packageOf(tarball))
    mkdirSync(folder, { recursive: true })
    run('tar', ['-xzf', join(packed, tarball), '-C', folder, '--strip-components=1'], packed)
  }
  linkPackagesOf(join(repository, 'test/node_modules'))
  symlinkSync(join(repository, 'node_modules/vitest'), join(modules, 'vitest'), 'junction')
}

/** `poolsafe-core-0.1.0.tgz` is `@poolsafe/core`; `poolsafe-0.1.0.tgz` is `poolsafe`. */
function packageOf(tarball: string): string {
  return tarball.replace(/^poolsafe-(?:(.+?)-)?\d.*$/, (_, name?: string) =>
    name === undefined ? 'poolsafe' : `@poolsafe/${name}`,
  )
}

function linkPackagesOf(folder: string): void {
  for (const path of globSync(['*', '@*/*'], {
    cwd: folder,
    exclude: (name) => name.startsWith('.') || name === '@poolsafe',
  })) {
    if (path === 'poolsafe' || /^@[^/\\]+$/.test(path)) continue
    mkdirSync(dirname(join(modules, path)), { recursive: true })
    symlinkSync(join(folder, path), join(modules, path), 'junction')
  }
}

/**
 * The file of an entry such as `@poolsafe/testing/servers`. Entries without a CommonJS module have their ES module in
 * both systems.
 */
export function entryOf(specifier: string, system: ModuleSystem): string {
  const [, name = '', rest = ''] = /^(@poolsafe\/[^/]+|poolsafe)(.*)$/.exec(specifier) ?? []
  const { exports } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as Manifest
  const target = exports[`.${rest}`]
  const path = typeof target === 'object' ? (target[system]?.default ?? target.default) : target
  if (path === undefined)
    throw new Error(`${name} has no entry .${rest} (packed are ${readdirSync(join(modules, '@poolsafe')).join(', ')})`)
  return join(modules, name, path)
}

/**
 * Reads `POOLSAFE_PACKED`: which build of the packages this process tests.
 *
 * @returns undefined for the sources in the tree
 */
export function packedSystem(): ModuleSystem | undefined {
  const system = process.env['POOLSAFE_PACKED']
  if (system === undefined || system === 'import' || system === 'require') return system
  throw new Error(`POOLSAFE_PACKED must be 'import' or 'require'; got '${system}'`)
}

/** Node's options for a child process that loads the same build of the packages as this one. */
export function nodeOptions(): readonly string[] {
  return packedSystem() === undefined
    ? ['--conditions=@poolsafe/source']
    : ['--import', join(import.meta.dirname, 'register.ts')]
}
