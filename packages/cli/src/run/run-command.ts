import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { UsageError } from '@poolsafe/config'

/** Signals that a service manager or a terminal sends to the whole command. */
const forwarded: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']

/** The environment of a command. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Runs a command on the standard streams of this process, and passes signals on to it.
 *
 * @returns its exit code; 128 and the number of the signal that ended it, as in a shell
 * @throws UsageError if there is no such command
 */
export function runCommand([file = '', ...args]: readonly string[], cwd: string, env: Environment): Promise<number> {
  return new Promise((resolve, reject) => {
    // On Windows, npm and npx are scripts, which only a shell runs.
    const child = spawn(file, args, { cwd, env, stdio: 'inherit', shell: process.platform === 'win32' })
    const pass = (signal: NodeJS.Signals): void => {
      // A terminal sends Ctrl+C to the command itself. Here it must only not end this process before the summary.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of forwarded) process.on(signal, pass)
    const ended = (): void => {
      for (const signal of forwarded) process.off(signal, pass)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      ended()
      const reason = error.code === 'ENOENT' ? 'there is no such command' : error.message
      reject(new UsageError(`${file} does not start: ${reason}`, { cause: error }))
    })
    child.once('exit', (code, signal) => {
      ended()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}
