import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/** The most that is read of a file; larger ones are made by programs. */
const mostBytes = 1_000_000

/** The content of a file as UTF-8 without a byte order mark, or why it is not checked. */
export type Bytes = { readonly bytes: Buffer } | { readonly skipped: string }

/** The content of a file as text, or why it is not checked. */
export type Content = { readonly source: string } | { readonly skipped: string }

/** Most files are read into this buffer, one after the other. */
const shared = Buffer.allocUnsafeSlow(mostBytes + 1)

/**
 * Reads a file: UTF-8, or UTF-16 with a byte order mark. The bytes are good until the next file is read.
 *
 * A text is made only of files with a dangerous word, because making it takes longer than looking for the words.
 */
export function readBytes(path: string): Bytes {
  try {
    const file = openSync(path, 'r')
    try {
      return readOpen(file, path)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return { skipped: reasonOf(error) }
  }
}

function readOpen(file: number, path: string): Bytes {
  const length = fillShared(file)
  if (length < shared.length) return decode(shared.subarray(0, length))
  return path.endsWith('.sql') ? decode(readFileSync(path)) : { skipped: `it has more than ${mostBytes} bytes` }
}

/** Network file systems may give a file in parts. */
function fillShared(file: number): number {
  let length = 0
  for (let read = -1; read !== 0 && length < shared.length; length += read)
    read = readSync(file, shared, length, shared.length - length, length)
  return length
}

/** Reads a file as text. */
export function readSource(path: string): Content {
  const content = readBytes(path)
  return 'bytes' in content ? { source: content.bytes.toString('utf8') } : content
}

/** Decodes the bytes of a file. */
export function decode(bytes: Buffer): Bytes {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { bytes: Buffer.from(bytes.subarray(2).toString('utf16le')) }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { bytes: Buffer.from(swapped(bytes).toString('utf16le')) }
  if (isBinary(bytes)) return { skipped: 'it is binary' }
  if (!isUtf8(bytes)) return { skipped: 'it is not UTF-8' }
  return { bytes: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes }
}

/** A source may have a few zero bytes, as separators in its literals. */
function isBinary(bytes: Buffer): boolean {
  let count = 0
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1))
    if (++count * 100 > bytes.length) return true
  return false
}

/** Big-endian UTF-16 as little-endian, without its byte order mark. */
function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(2, bytes.length & ~1)).swap16()
}

/** Returns why a file or a folder cannot be read. */
export function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as { readonly code?: string; readonly message?: string }
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return code === 'ENOENT' ? 'it is gone' : message
}
