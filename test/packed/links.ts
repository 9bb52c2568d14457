import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A link of Markdown to another file. */
const link = /\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g

/**
 * Follows every link of every page of an installed package.
 *
 * @throws Error that names those which lead nowhere, or out of the package
 */
export function checkLinks(folder: string): void {
  const pages = globSync('**/*.md', { cwd: folder, exclude: (path) => path === 'node_modules' })
  const dead = pages.flatMap((page) => {
    const paths = [...readFileSync(join(folder, page), 'utf8').matchAll(link)].map(([, path = '']) =>
      join(dirname(page), path),
    )
    return paths
      .filter((path) => path.startsWith('..') || !existsSync(join(folder, path)))
      .map((path) => `${page} → ${path}`)
  })
  if (dead.length > 0) throw new Error(`${folder}: links that lead nowhere:\n${dead.join('\n')}`)
}
