import { globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkInstalled } from './installed.ts'
import { run } from './run.ts'

// Packs every package as it would be published, lets publint and attw look at the tarballs, and uses them. Run by `npm
// run build`.

const repository = join(import.meta.dirname, '../..')
const folder = join(repository, '.cache/packed')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

for (const manifest of globSync('packages/*/package.json', { cwd: repository })) {
  const cwd = join(repository, manifest, '..')
  run('npx', ['--yes', 'pnpm@12.21.0', 'pack', '--pack-destination', folder], cwd)
}

const tarballs = globSync('*.tgz', { cwd: folder }).map((name) => join(folder, name))
for (const tarball of tarballs) {
  run('publint', [tarball, '--strict'], repository)
  // node10 reads no `exports`; everything here needs Node 22, which can require the ES modules that the entries for
  // Vitest are.
  run(
    'attw',
    [tarball, '--ignore-rules', 'no-resolution', 'cjs-resolves-to-esm', '--format', 'ascii', '--profile', 'node16'],
    repository,
  )
}
checkInstalled(repository, tarballs)
