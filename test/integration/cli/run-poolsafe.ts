import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** The output of a process, and the way it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command line, from its sources. */
export const bin: string = join(import.meta.dirname, '../../../packages/cli/src/bin.ts')

/** The environment of a user: without the variables of Vitest and of poolsafe, and with the packages' sources. */
export function userEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^POOLSAFE_|^VITEST|^NODE_OPTIONS|^TEST$/.test(name))
  return { ...Object.fromEntries(own), NODE_OPTIONS: '--conditions=@poolsafe/source', ...more }
}

/** Runs `poolsafe` as a process of its own. */
export function runPoolsafe(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd, env: userEnvironment(env) }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}
