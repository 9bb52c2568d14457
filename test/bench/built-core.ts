import { execFile } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** The entries of the built core, as users load them. */
export interface BuiltCore {
  readonly esm: string
  readonly cjs: string
}

/** Builds the core of a tree if one of its sources is newer than the last build. */
export async function builtCore(tree: string): Promise<BuiltCore> {
  const core = join(tree, 'packages/core')
  const built = { esm: join(core, 'dist/index.js'), cjs: join(core, 'dist/index.cjs') }
  const sources = globSync('src/**/*.ts', { cwd: core }).map((file) => statSync(join(core, file)).mtimeMs)
  const isFresh = existsSync(built.esm) && statSync(built.esm).mtimeMs > Math.max(...sources)
  if (!isFresh) await build(tree, core)
  return built
}

async function build(tree: string, core: string): Promise<void> {
  // The build calls tsc. npm puts it on the path, a bare `node test/bench/main.ts` does not.
  const path = [join(tree, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH: path }
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: core, env })
}
