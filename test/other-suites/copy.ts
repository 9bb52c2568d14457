import { execFile } from 'node:child_process'
import { access, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Suite } from './suites.ts'

const execute = promisify(execFile)

/** Where copies are built: never in the repository, and never in what was fetched. */
const workshop = join(tmpdir(), 'poolsafe-suites')

/**
 * Builds a suite in a copy of its own, or takes the one that was built before.
 *
 * @param fetched the folder that holds a copy of each repository
 * @returns the folder of the built copy
 * @throws Error for a repository that is not there, and for a build that leaves nothing to run
 */
export async function buildCopy({ name, repository, version, dependencies, build }: Suite, fetched: string): Promise<string> {
  const folder = join(workshop, `${name}-${version}`)
  const isBuilt = join(folder, '.poolsafe-built')
  if (await exists(isBuilt)) return folder
  const source = join(fetched, name)
  if (!(await exists(join(source, 'package.json')))) throw new Error(`${source} must hold github.com/${repository} at ${version}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const isCode = (path: string): boolean => !/[/\\](?:node_modules|\.git|dist|site)(?:[/\\]|$)/.test(path.slice(source.length))
  await cp(source, folder, { recursive: true, filter: isCode })
  await keepDependencies(folder, new Set(dependencies))
  await execute('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder })
  // A type that is missing, such as that of another database's driver, leaves the tests as they are.
  for (const [command, ...args] of build)
    await execute(command, args, { cwd: folder }).catch((error: Error) => console.error(error.message))
  await writeFile(isBuilt, '')
  return folder
}

async function keepDependencies(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const path = join(folder, 'package.json')
  const content = JSON.parse(await readFile(path, 'utf8')) as { devDependencies?: Record<string, string>; packageManager?: string }
  content.devDependencies = Object.fromEntries(Object.entries(content.devDependencies ?? {}).filter(([name]) => kept.has(name)))
  delete content.packageManager
  await writeFile(path, JSON.stringify(content))
  await Promise.all(['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((file) => rm(join(folder, file), { force: true })))
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
