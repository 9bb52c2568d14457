import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The browser of the tests. */
export const chromium: string = process.env['POOLSAFE_CHROMIUM'] ?? '/usr/bin/chromium'

/** The state of a page. */
export interface Opened {
  /** The page after its scripts have run. */
  readonly dom: string
  /** The lines that the page wrote to the console, errors too. */
  readonly console: readonly string[]
}

/** Opens a page from a file in Chromium, without a window. */
export async function openPage(path: string, scheme: 'light' | 'dark'): Promise<Opened> {
  const profile = mkdtempSync(join(tmpdir(), 'poolsafe-chromium-'))
  try {
    const { stdout, stderr } = await run(
      chromium,
      [
        '--headless',
        // Chromium refuses to run as root in a sandbox of its own, as in containers of CI.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--enable-logging=stderr',
        `--user-data-dir=${profile}`,
        ...(scheme === 'dark' ? ['--force-dark-mode'] : []),
        '--dump-dom',
        pathToFileURL(path).href,
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    )
    return { dom: stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE')) }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
