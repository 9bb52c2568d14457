let made = 0

/** Columns and conditions of no particular meaning, to fill a statement of any length. */
const filler = ' and "public"."User"."createdAt" <= $7 or "lastName" in ($8,$9) and (balance + 12 < total)'

/**
 * A new statement of this length, which the scan alone can judge.
 *
 * @param length in characters, at least 40
 * @param letter to put in: one beyond Latin-1 doubles the bytes of the text
 */
export function harmlessText(length: number, letter = 'x'): string {
  return fill(`select "${letter}${made++}" from "User" where true`, length)
}

/**
 * A statement of this length that nobody has seen before, and that the scan leaves to the parser, which finds it
 * harmless.
 */
export function doubtfulText(length: number): string {
  return fill(`select 'set_config' as "x${made++}" where true`, length)
}

/** Flat, as if it had come from a socket or a file: V8 keeps a concatenation as a tree until it is read. */
export function flat(text: string): string {
  const encoding = /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

function fill(start: string, length: number): string {
  const missing = length - start.length
  if (missing < 0) throw new RangeError(`A text of ${length} characters is too short for ${start}`)
  // Whole conditions only, so that PostgreSQL's parser can read it, and blanks for the rest.
  return flat(start + filler.repeat(missing / filler.length) + ' '.repeat(missing % filler.length))
}
