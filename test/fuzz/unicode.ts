/** PostgreSQL's white space (scan.l), which is less than JavaScript's. */
export const whiteSpace: readonly string[] = [' ', '\t', '\n', '\r', '\f', '\v', '\r\n']

const nonAscii = Array.from({ length: 0xd800 - 0x80 + 0x2000 }, (_, at) =>
  String.fromCharCode(at < 0xd780 ? at + 0x80 : at - 0xd780 + 0xe000),
)

/** Characters that JavaScript takes for white space and PostgreSQL for letters. */
export const falseSpaces: readonly string[] = nonAscii.filter((char) => /\s/.test(char))

/** Characters that Unicode turns into ASCII: `ſ` and `K` by case, full-width letters, quotes and semicolons by NFKC. */
export const lookalikes: ReadonlyMap<string, readonly string[]> = collect()

/** Characters that are hard to count, compare or print: NUL, BOM, halves of pairs, invisible ones. */
export const oddities: readonly string[] = [
  '\0',
  '\ufeff',
  '\ud83d',
  '\ude00',
  '😀',
  '\u00ad',
  '\u200d',
  '\u200b',
  '\u0301',
  '\u202e',
  '\x1a',
  '\x7f',
  'é',
]

function collect(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const char of nonAscii) {
    for (const folded of new Set([char.toLowerCase(), char.toUpperCase(), char.normalize('NFKC')])) {
      // Only `i` and a combining dot come of `İ`: what remains without the dot is meant.
      const plain = folded.replace('\u0307', '').toLowerCase()
      if (/^[!-~]{1,3}$/.test(plain)) found.set(plain, [...(found.get(plain) ?? []), char])
    }
  }
  return found
}
