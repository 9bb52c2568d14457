import { readFileSync, statSync } from 'node:fs'

/** The most that is read of a file; larger ones are made by programs. */
const mostBytes = 1_000_000

/** The content of a file, or why it is not checked. */
export type Content = { readonly source: string } | { readonly skipped: string }

/** Reads a file as text: UTF-8, or UTF-16 with a byte order mark. */
export function readSource(path: string): Content {
  try {
    const { size } = statSync(path)
    if (size > mostBytes && !path.endsWith('.sql')) return { skipped: `it has more than ${mostBytes} bytes` }
    return decode(readFileSync(path))
  } catch (error) {
    return { skipped: reasonOf(error) }
  }
}

/** Decodes the bytes of a file. */
export function decode(bytes: Buffer): Content {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { source: bytes.subarray(2).toString('utf16le') }
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return {
      source: Buffer.from(bytes.subarray(2, bytes.length & ~1))
        .swap16()
        .toString('utf16le'),
    }
  if (bytes.includes(0)) return { skipped: 'it is binary' }
  try {
    return { source: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { skipped: 'it is not UTF-8' }
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as { readonly code?: string; readonly message?: string }
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return code === 'ENOENT' ? 'it is gone' : message
}
