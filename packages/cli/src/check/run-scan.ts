import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '@poolsafe/config'
import { Progress } from '../terminal/progress.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { observeFiles } from './cache/observed.ts'
import { ScanCache, usualCacheFolder } from './cache/scan-cache.ts'
import type { CheckRequest } from './request.ts'
import type { ScanOutput, ScanRequest } from './scan-types.ts'

/**
 * Checks files. With `--cache` the result of the last check counts where nothing has changed.
 *
 * @throws UsageError if the folder of the cache is a file
 */
export async function scanFiles(
  files: readonly string[],
  request: ScanRequest,
  { cache: isCached, cacheLocation }: CheckRequest,
  terminal: Terminal,
): Promise<ScanOutput> {
  if (isCached !== true && (cacheLocation === undefined || isCached === false))
    return (await scan(files, request, progressOf(files, terminal))).output
  const { cwd } = terminal
  const cache = new ScanCache(cacheFolder(cacheLocation, cwd), request)
  const known = cache.find(files)
  if (known !== undefined) return known
  const observed = observeFiles()
  const { output, plain } = await scan(files, request, progressOf(files, terminal), (path) => cache.isPlain(path))
  try {
    cache.save(files, output, { plain, observed })
  } catch (error) {
    terminal.err(`--cache: the result was not kept: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  return output
}

function cacheFolder(location: string | undefined, cwd: string): string {
  if (location === undefined) return usualCacheFolder(cwd)
  const folder = resolve(cwd, location)
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`--cache-location: ${folder} is a file; name a folder`)
  return folder
}

/** Checks a text as if it were the content of a file. */
export async function scanText(path: string, text: string, request: ScanRequest): Promise<ScanOutput> {
  const { Scanner } = await import('./scan.ts')
  const scanner = new Scanner(request)
  const results = [scanner.scanSource(path, text)]
  const { hints, problems, counts } = scanner
  return { results, hints, problems, counts }
}

function progressOf(files: readonly string[], terminal: Terminal): Progress {
  return new Progress(terminal, 'files', files.length)
}

/** The parser is loaded only if a file has to be read. */
async function scan(
  files: readonly string[],
  request: ScanRequest,
  progress: Progress,
  isPlain?: (path: string) => boolean,
): Promise<{ readonly output: ScanOutput; readonly plain: ReadonlySet<string> }> {
  const { Scanner } = await import('./scan.ts')
  const scanner = new Scanner(request)
  const output = scanner.scanAll(files, { isPlain, onFile: (count) => progress.show(count) })
  progress.end()
  return { output, plain: scanner.plain }
}
