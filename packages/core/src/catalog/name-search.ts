/**
 * The most alternatives of one regular expression. V8 skips quickly over a text for a few hundred; for thousands it
 * takes ten times as long for each character (measured on Node 24).
 */
const mostAlternatives = 400

/**
 * Creates the search for names of a database, of which there may be thousands. It returns false if a text surely has
 * none of them, and may return true for a text in which a name stands for something else.
 *
 * @param names names of functions, relations and types, as the catalog has them
 * @param symbols operators, found anywhere
 * @param parts more names, found also inside longer words: one pass over the text finds both, and costs hardly more
 */
export function createNameSearch(
  names: Iterable<string>,
  symbols: Iterable<string>,
  parts: readonly string[] = [],
): (sql: string) => boolean {
  const all = [...new Set(names)]
  const words = new Set(all.filter((name) => plain.test(name)).map((name) => name.toLowerCase()))
  const others = [...all.filter((name) => !plain.test(name)).map(quoted), ...symbols]
  const hasWord = words.size + parts.length === 0 ? never : createWordSearch(words, parts)
  if (others.length === 0) return hasWord
  const other = new RegExp(others.map(escaped).join('|'), 'i')
  return (sql) => hasWord(sql) || other.test(sql)
}

/** A name that needs no quotes, apart from its capitals. */
const plain = /^[\w$]+$/

/** A quote in a name is written twice. */
function quoted(name: string): string {
  return name.replaceAll('"', '""')
}

function never(): boolean {
  return false
}

/** Looks for parts and for the beginnings of words, and looks up the whole word where a beginning is found. */
function createWordSearch(words: ReadonlySet<string>, parts: readonly string[]): (sql: string) => boolean {
  const beginnings = beginningsOf([...words], mostAlternatives)
  const found = new RegExp([...parts, ...beginnings].map(escaped).join('|'), 'gi')
  const part = parts.length === 0 ? undefined : new RegExp(parts.map(escaped).join('|'), 'iy')
  const isPart = (sql: string, at: number): boolean => {
    if (part === undefined) return false
    part.lastIndex = at
    return part.test(sql)
  }
  return (sql) => {
    found.lastIndex = 0
    for (let match = found.exec(sql); match !== null; match = found.exec(sql)) {
      const { index } = match
      if (isPart(sql, index) || isOneOf(words, sql, index)) return true
      // A part may begin inside of the same word.
      found.lastIndex = index + 1
    }
    return false
  }
}

function isOneOf(words: ReadonlySet<string>, sql: string, at: number): boolean {
  let start = at
  while (start > 0 && isOfWord(sql.charCodeAt(start - 1))) start--
  let end = at
  while (isOfWord(sql.charCodeAt(end))) end++
  return isCut(sql, start, end) || words.has(sql.slice(start, end).toLowerCase())
}

/** Returns true for a character of a name that needs no quotes. */
function isOfWord(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x24 || code >= 0x80
}

/** PostgreSQL cuts names to 63 bytes, so a longer one may be one of these. */
function isCut(sql: string, start: number, end: number): boolean {
  if (end - start <= 20) return false
  return end - start > 63 || /[\u0080-\uffff]/.test(sql.slice(start, end))
}

/**
 * Returns the beginnings of all words, no more than `most`. The beginning that most words share is made longer first, so
 * that few other words begin like that.
 */
export function beginningsOf(words: readonly string[], most: number): string[] {
  const groups: Group[] = [groupOf('', words)]
  const whole: string[] = []
  for (let next = largest(groups); next !== undefined; next = largest(groups)) {
    const { complete, longer } = split(next)
    const isTooMany = groups.length - 1 + whole.length + longer.length + (complete ? 1 : 0) > most
    if (isTooMany && next.beginning !== '') break
    groups.splice(groups.indexOf(next), 1, ...longer)
    if (complete) whole.push(next.beginning)
  }
  return [...whole, ...groups.map(({ beginning }) => beginning)]
}

interface Group {
  readonly beginning: string
  readonly words: readonly string[]
}

/** A word that no other begins like stands for itself. */
function groupOf(beginning: string, words: readonly string[]): Group {
  const [only] = words
  return { beginning: words.length === 1 && only !== undefined ? only : beginning, words }
}

function largest(groups: readonly Group[]): Group | undefined {
  let found: Group | undefined
  for (const group of groups) if (group.words.length > (found?.words.length ?? 1)) found = group
  return found
}

function split({ beginning, words }: Group): { readonly complete: boolean; readonly longer: readonly Group[] } {
  const byNext = new Map<string, string[]>()
  for (const word of words.filter(({ length }) => length > beginning.length)) {
    const next = word.slice(0, beginning.length + 1)
    const known = byNext.get(next)
    if (known === undefined) byNext.set(next, [word])
    else known.push(word)
  }
  const longer = Array.from(byNext, ([next, each]) => groupOf(next, each))
  return { complete: words.includes(beginning), longer }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
