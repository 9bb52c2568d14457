import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The pages that go into a package. The links in error messages lead to node_modules/@poolsafe/core/docs. */
const pagesOf: Readonly<Record<string, readonly string[]>> = {
  '@poolsafe/core': [
    'docs/rules/*.md',
    'docs/poolers.md',
    'docs/proofs.md',
    'docs/reference.md',
    'docs/exceptions.md',
    'docs/adapters.md',
    'docs/checkout.md',
    'docs/direct.md',
    'docs/health.md',
    'docs/helpers.md',
    'docs/migrations.md',
    'docs/postgres-js.md',
    'docs/repair.md',
    'docs/findings-to-none.md',
    'docs/slow-queries.md',
    'docs/repeated-queries.md',
  ],
  '@poolsafe/metrics': ['docs/metrics.md'],
  '@poolsafe/testing': ['docs/strict-mode.md', 'docs/hostile-pooler.md', 'docs/servers.md'],
}

/** A link of Markdown to a file of the repository: its text, and the path without the anchor. */
const link = /\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g

/** Copies the pages of a package from the repository into the working folder. */
export function packDocs(name: string, repository: string): void {
  rmSync('docs', { recursive: true, force: true })
  const owners = new Map(
    Object.entries(pagesOf).flatMap(([owner, pages]) =>
      globSync(pages, { cwd: repository }).map((page) => [page, owner]),
    ),
  )
  for (const [page, owner] of owners) {
    if (owner !== name) continue
    mkdirSync(dirname(page), { recursive: true })
    writeFileSync(page, withinPackage(readFileSync(join(repository, page), 'utf8'), page, owners))
  }
}

/** Turns links that lead out of the package into words, which name the package that has the page. */
function withinPackage(text: string, page: string, owners: ReadonlyMap<string, string>): string {
  return text.replaceAll(link, (whole: string, words: string, path: string) => {
    const target = join(dirname(page), path)
    const owner = owners.get(target)
    if (owner === owners.get(page)) return whole
    return owner === undefined ? words : `${words} (\`${target}\` in \`${owner}\`)`
  })
}
