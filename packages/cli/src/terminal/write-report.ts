import { closeSync, openSync, writeFileSync } from 'node:fs'
import { UsageError } from '@poolsafe/config'

/**
 * Writes the file that an option names.
 *
 * @param option for the message, such as `--output`
 * @throws UsageError if the file cannot be written
 */
export function writeReport(option: string, path: string, text: string): void {
  attempt(option, path, () => writeFileSync(path, text))
}

/**
 * Checks before long work that a file can be written. It creates the file.
 *
 * @throws UsageError if it cannot
 */
export function checkWritable(option: string, path: string): void {
  attempt(option, path, () => closeSync(openSync(path, 'a')))
}

function attempt(option: string, path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new UsageError(`${option}: ${path} cannot be written: ${reasonOf(error)}`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; create it, or name another file',
  ENOTDIR: 'its folder is a file; name another file',
  EISDIR: 'it is a folder; name a file in it',
  EACCES: 'permission denied; name a file that you may write',
  EPERM: 'permission denied; name a file that you may write',
  EROFS: 'its file system is read-only; name a file elsewhere',
  ENOSPC: 'the disk is full',
}

/** Returns why a file cannot be written, and what to do. */
export function reasonOf(error: unknown): string {
  const { code = '', message = String(error) } = error as { readonly code?: string; readonly message?: string }
  return reasons[code] ?? message
}
