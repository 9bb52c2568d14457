import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { counted } from '@poolsafe/core/internal'
import type { Terminal } from '../../terminal/terminal.ts'
import { checkContradictions, type CheckRequest } from '../request.ts'
import { Changes } from './changes.ts'
import { FolderWatch } from './folder-watch.ts'

const clearScreen = '\u001B[2J\u001B[3J\u001B[H'
const exitCodeOf = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Checks again whenever a file changes, until SIGINT or SIGTERM. Each check is a process of its own, so a new
 * configuration counts, and nothing that goes wrong in a check ends the watch.
 *
 * @param args the command line without Node and the script
 * @throws UsageError for options that contradict each other
 * @returns 130 after SIGINT and 143 after SIGTERM, as shells expect
 */
export async function watchCheck(args: readonly string[], request: CheckRequest, terminal: Terminal): Promise<number> {
  checkContradictions(request)
  const { cwd } = terminal
  const changes = new Changes()
  const written = [request.output, request.cacheLocation].flatMap((path) =>
    path === undefined ? [] : [resolve(cwd, path)],
  )
  const folders = new FolderWatch([cwd, ...request.paths.map((path) => resolve(cwd, path))], (path) => {
    if (!written.some((own) => path === own || path.startsWith(own + sep))) changes.add()
  })
  const cache = await mkdtemp(join(tmpdir(), 'poolsafe-watch-'))
  const check = new RepeatedCheck(withCache(args, request, cache), terminal)
  let end: (exitCode: number) => void = () => {}
  const ended = new Promise<number>((resolveEnd) => (end = resolveEnd))
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => end(exitCodeOf[signal])
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await Promise.race([ended, check.repeat(folders, changes)])
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    check.close()
    changes.close()
    folders.close()
    rmSync(cache, { recursive: true, force: true })
  }
}

/** Without a cache of its own, a check reads all files again. */
function withCache(args: readonly string[], { cache, cacheLocation }: CheckRequest, folder: string): string[] {
  const own = args.filter((argument) => argument !== '--watch')
  return cache === undefined && cacheLocation === undefined ? [...own, '--cache-location', folder] : own
}

/** Checks one after the other, each in a process of its own. */
class RepeatedCheck {
  readonly #args: readonly string[]
  readonly #terminal: Terminal
  #child: ChildProcess | undefined

  constructor(args: readonly string[], terminal: Terminal) {
    this.#args = args
    this.#terminal = terminal
  }

  async repeat(folders: FolderWatch, changes: Changes): Promise<never> {
    const { isInteractive, out, err } = this.#terminal
    for (;;) {
      // First the watches: what changes while files are read is seen.
      const count = folders.refresh()
      if (isInteractive) out(clearScreen)
      await this.#run()
      err(`watching ${counted(count, 'folder')}; Ctrl+C ends it\n`)
      await changes.next()
    }
  }

  async #run(): Promise<void> {
    const script = process.argv[1] ?? ''
    this.#child = spawn(process.execPath, [...process.execArgv, script, ...this.#args], {
      cwd: this.#terminal.cwd,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    await once(this.#child, 'exit')
  }

  close(): void {
    this.#child?.kill()
  }
}
