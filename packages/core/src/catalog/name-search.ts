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
 */
export function createNameSearch(names: Iterable<string>, symbols: Iterable<string>): (sql: string) => boolean {
  const all = new Set(names)
  const words = new Set([...all].filter((name) => plain.test(name)).map((name) => name.toLowerCase()))
  const others = [...[...all].filter((name) => !plain.test(name)).map(quoted), ...symbols]
  const hasWord = words.size === 0 ? never : createWordSearch(words)
  if (others.length === 0) return hasWord
  const other = new RegExp(others.map(escaped).join('|'), 'i')
  return (sql) => hasWord(sql) || other.test(sql)
}

/** A name that `\b` finds the beginning of. */
const plain = /^[a-z0-9_][\w$]*$/i

/** A quote in a name is written twice. */
function quoted(name: string): string {
  return name.replaceAll('"', '""')
}

function never(): boolean {
  return false
}

/** Looks for the beginnings of words, and looks up the whole word where one is found. */
function createWordSearch(words: ReadonlySet<string>): (sql: string) => boolean {
  const beginning = new RegExp(
    `\\b(?:${beginningsOf([...words], mostAlternatives)
      .map(escaped)
      .join('|')})`,
    'gi',
  )
  return (sql) => {
    beginning.lastIndex = 0
    for (let found = beginning.exec(sql); found !== null; found = beginning.exec(sql)) {
      let end = beginning.lastIndex
      while (isOfWord(sql.charCodeAt(end))) end++
      // PostgreSQL cuts a longer name, which may then be one of these.
      if (end - found.index > longestName || words.has(sql.slice(found.index, end).toLowerCase())) return true
      beginning.lastIndex = end
    }
    return false
  }
}

const longestName = 63

function isOfWord(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x24 || code >= 0x80
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
