import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

// Packs every package as it would be published, and lets publint and attw look at the tarballs. Run by `npm run build`.

const repository = join(import.meta.dirname, '../..')
const folder = join(repository, '.cache/packed')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

for (const manifest of globSync('packages/*/package.json', { cwd: repository })) {
  const cwd = join(repository, manifest, '..')
  run('npx', ['--yes', 'pnpm@12.21.0', 'pack', '--pack-destination', folder], cwd)
}

for (const tarball of globSync('*.tgz', { cwd: folder })) {
  run('publint', [join(folder, tarball), '--strict'], repository)
  // node10 reads no `exports`; everything here needs Node 22.
  run('attw', [join(folder, tarball), '--ignore-rules', 'no-resolution', '--format', 'ascii', '--profile', 'node16'], repository)
}

function run(command: string, args: readonly string[], cwd: string): void {
  try {
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    console.error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)
    process.exit(1)
  }
}
