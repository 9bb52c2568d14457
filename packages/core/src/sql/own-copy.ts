import { Buffer } from 'node:buffer'

const beyondLatin1 = /[\u0100-\uffff]/

/**
 * The same text with characters of its own. V8 keeps a large string alive for as long as a part of it is: of a dump
 * that is cut into statements, a memory bounded in bytes would otherwise hold all.
 */
export function ownCopy(text: string): string {
  const encoding = beyondLatin1.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}
