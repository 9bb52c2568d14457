import { execFile } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const repository = join(import.meta.dirname, '../..')
const core = join(repository, 'packages/core')
const built = join(core, 'dist/index.js')

/** The core as users get it, built anew if a source is newer. @returns the path of its entry */
export async function builtCore(): Promise<string> {
  const sources = globSync('src/**/*.ts', { cwd: core }).map((file) => statSync(join(core, file)).mtimeMs)
  const isFresh = existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)
  if (!isFresh) await build()
  return built
}

async function build(): Promise<void> {
  // The build calls tsc, which npm puts on the path and a bare `node test/bench/main.ts` does not.
  const path = [join(repository, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH: path }
  await promisify(execFile)(process.execPath, [join(repository, 'test/packed/build/build-package.ts')], {
    cwd: core,
    env,
  })
}
