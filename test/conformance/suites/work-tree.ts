import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from './child.ts'
import { repositories, type RepositoryName } from './repositories.ts'

/** The folder of the work trees: never in this repository. */
const workshop = join(tmpdir(), 'poolsafe-suites')

/**
 * Fetches a repository and builds what its tests need, or takes the work tree that was built before.
 *
 * @param from a folder with a clone of each repository, by its name; without it they come from GitHub
 * @throws Error for a repository that cannot be fetched, and for an installation that fails
 */
export async function workTree(name: RepositoryName, from: string | undefined): Promise<string> {
  const { url, version, install } = repositories[name]
  const folder = join(workshop, `${name}@${version}`)
  const isBuilt = join(folder, '.poolsafe-built')
  if (existsSync(isBuilt)) return folder
  console.error(`… ${name} ${version}: building`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(workshop, { recursive: true })
  const source = from === undefined ? url : join(from, name)
  // A mirror may lack large files, and no test needs a picture.
  const wanted = [version, '--', '.', ':(exclude)*.gif', ':(exclude)*.png']
  for (const args of [
    ['clone', '--no-checkout', source, folder],
    ['-C', folder, 'checkout', ...wanted],
  ]) {
    const { code, stderr } = await runChild('git', args, { cwd: workshop, limitMillis: 300_000 })
    if (code !== 0)
      throw new Error(`${version} of ${source} cannot be checked out (--from names a folder with clones):\n${stderr}`)
  }
  await install(folder)
  await writeFile(isBuilt, '')
  return folder
}
