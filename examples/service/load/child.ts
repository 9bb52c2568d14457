import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A program that was started here, and is ended here: by `end`, or with this process. */
export interface Child {
  /** Its standard error output so far. */
  said(): string
  /** The code or the signal that it ended with; `undefined` while it runs. */
  ended(): string | undefined
  end(): Promise<void>
}

/** @param signal what ends it when this process ends without having ended it */
export function startChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: 'SIGTERM' | 'SIGKILL',
): Child {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = (): void => void child.kill(signal)
  // Its folder is removed at the exit too, afterwards.
  process.prependOnceListener('exit', kill)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.on('error', (error) => (said += error.message))
  const closed = once(child, 'close').catch(() => undefined)
  return {
    said: () => said,
    ended: () => endOf(child),
    async end() {
      child.kill()
      await closed
      process.removeListener('exit', kill)
    },
  }
}

function endOf({ exitCode, signalCode, pid }: ChildProcess): string | undefined {
  if (pid === undefined) return 'before it began'
  if (exitCode !== null) return `with code ${exitCode}`
  return signalCode === null ? undefined : `by ${signalCode}`
}
