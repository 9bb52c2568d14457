import { existsSync, readFileSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'

const endTimeoutMillis = 2000
const pollMillis = 5

/**
 * A temporary folder for the data of one server. When the process ends, the server is ended and the folder is removed.
 */
export interface DataFolder {
  /** The data directory; it does not exist yet. */
  readonly path: string
  isServerAlive(): boolean
  remove(): Promise<void>
}

export async function createDataFolder(): Promise<DataFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'poolsafe-postgres-'))
  // For root the server runs as another user, who needs access to the data.
  await chmod(folder, 0o711)
  const path = join(folder, 'data')
  const forget = atExit(() => {
    // SIGQUIT is PostgreSQL's immediate shutdown: it takes the server's own children along.
    if (signalServer(path, 'SIGQUIT')) waitForEnd(path)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return {
    path,
    isServerAlive: () => signalServer(path, 0),
    remove: async () => {
      forget()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL removes the file last of all. Blocks, since nothing asynchronous happens any more. */
function waitForEnd(path: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  for (let left = endTimeoutMillis; left > 0 && existsSync(pidFileOf(path)); left -= pollMillis)
    Atomics.wait(clock, 0, 0, pollMillis)
}

function pidFileOf(path: string): string {
  return join(path, 'postmaster.pid')
}

/** @returns whether there was a server to signal */
function signalServer(path: string, signal: NodeJS.Signals | 0): boolean {
  try {
    const [pid] = readFileSync(pidFileOf(path), 'utf8').split('\n', 1)
    return process.kill(Number(pid), signal)
  } catch {
    // No such file, or no such process.
    return false
  }
}
