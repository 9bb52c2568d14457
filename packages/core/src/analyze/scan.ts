import { skipBlanks } from '../sql/blanks.ts'

/**
 * First words of statements that touch session state only through names that the rules know. The rest of such a text
 * is searched for these names. A text with any other first word goes to the parser.
 */
const plainFirstWords: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'with',
  'values',
  'table',
])

const longestFirstWord = 6

/**
 * Scans a text in linear time. Returns `true` only if nothing in it can touch session state. A wrong `false` costs a
 * parse; a wrong `true` never happens. So a known name counts in comments and literals too, and so does everything that
 * may spell a name differently (`U&"\0073et_config"`) or start a second statement.
 */
export type Scan = (sql: string) => boolean

/**
 * Builds the scan from the words of the rules.
 *
 * @param names names of functions and relations, searched anywhere in the text, also inside longer words
 * @param keywords keywords, searched as whole words
 */
export function createScan(names: readonly string[], keywords: readonly string[]): Scan {
  // Two regular expressions: with the short keywords in the same one, V8 could not skip ahead for the long names.
  const name = new RegExp(names.join('|'), 'i')
  const keyword = new RegExp(`\\b(?:${keywords.join('|')})\\b`, 'i')
  return (sql) => startsPlainly(sql) && !mayHideMore(sql) && !name.test(sql) && !keyword.test(sql)
}

/**
 * The same with another search for the names, which finds more of them.
 *
 * @param hasName returns true if a text has one of the names
 */
export function createWiderScan(hasName: (sql: string) => boolean, keywords: readonly string[]): Scan {
  const keyword = new RegExp(`\\b(?:${keywords.join('|')})\\b`, 'i')
  return (sql) => startsPlainly(sql) && !mayHideMore(sql) && !hasName(sql) && !keyword.test(sql)
}

/** U&"…" may spell any name, and a semicolon with anything after it may start another statement. */
function mayHideMore(sql: string): boolean {
  if (sql.includes('&"')) return true
  const at = sql.indexOf(';')
  return at !== -1 && sql.slice(at + 1).trim() !== ''
}

function startsPlainly(sql: string): boolean {
  const start = skipBlanks(sql, 0, true)
  let end = start
  while (isLetter(sql.charCodeAt(end)) && end - start <= longestFirstWord) end++
  return plainFirstWords.has(sql.slice(start, end).toLowerCase())
}

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
