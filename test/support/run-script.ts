import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a script in a separate process, with the packages' sources and `gc()`.
 *
 * @throws Error with what the script wrote, if it fails
 */
export function runScript(
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return run(process.execPath, ['--expose-gc', '--conditions=@poolsafe/source', path, ...args], {
    env: { ...process.env, ...env },
  })
}
