import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** The state of a file when it was read. `null` means that there was no such file. */
export interface FileStamp {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly size: number
  /** The hash of its content; empty for a file that cannot be read. */
  readonly hash: string
}

/** A file that changed so shortly before it was read may have changed again in the same tick of the clock. */
const tickMillis = 2_000

/**
 * Returns what a file is now. It is read only if its times and size are not those of the earlier stamp.
 *
 * @param takenAt when the earlier stamp was taken, in milliseconds
 */
export function stampOf(path: string, earlier: FileStamp | null | undefined, takenAt: number): FileStamp | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return null
  const { mtimeMs, ctimeMs, size } = stats
  const isSame =
    earlier?.mtimeMs === mtimeMs &&
    earlier.ctimeMs === ctimeMs &&
    earlier.size === size &&
    isOlder({ mtimeMs, ctimeMs }, takenAt)
  return { mtimeMs, ctimeMs, size, hash: isSame ? earlier.hash : hashOf(path) }
}

/** Returns true for a file that had not changed for a while at this time. */
export function isOlder({ mtimeMs, ctimeMs }: Pick<FileStamp, 'mtimeMs' | 'ctimeMs'>, time: number): boolean {
  return Math.max(mtimeMs, ctimeMs) + tickMillis < time
}

/** Returns true if a file has the same content. A file that cannot be read may have any. */
export function hasSameContent(one: FileStamp | null, other: FileStamp | null | undefined): boolean {
  if (one === null || other === null || other === undefined) return one === other
  return one.hash === other.hash && (one.hash !== '' || one.ctimeMs === other.ctimeMs)
}

function hashOf(path: string): string {
  try {
    return hash('sha1', readFileSync(path), 'base64')
  } catch {
    return ''
  }
}
