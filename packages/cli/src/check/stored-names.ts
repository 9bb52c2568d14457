import type { StoredCode } from '@poolsafe/core/internal'

/** Returns true if a file, in whatever language, may name an object of the database that changes the session. */
export function mayNameStored(source: string, catalog: StoredCode | undefined): boolean {
  if (catalog === undefined) return false
  if (catalog.mentions(source)) return true
  // Behind an escaped line end of a literal there is no beginning of a word: `\norders`.
  return escapes.test(source) && catalog.mentions(source.replaceAll(everyEscape, ' '))
}

const escapes = /\\[nrt]/
const everyEscape = /\\[nrt]/g
