import { skipBlanks } from '../sql/blanks.ts'

/**
 * Statements that can only touch session state through a name that the rules know: their first word is plain, so
 * the rest of the text is searched for those names. Any other first word goes to the parser.
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
 * A linear look at the text that says `true` only where nothing in it can touch session state. It may be wrong
 * towards `false` (the parser then decides) but never towards `true`: a known name in a comment or a literal
 * counts, and so does whatever could spell one in another way (`U&"\0073et_config"`) or start a second statement.
 */
export type Scan = (sql: string) => boolean

/**
 * Builds the scan from the words of the rules.
 *
 * @param names function and relation names, found anywhere in the text, also inside longer words
 * @param keywords keywords, found as whole words
 */
export function createScan(names: readonly string[], keywords: readonly string[]): Scan {
  // Two expressions: together with the short keywords V8 could not skip ahead for the long names.
  const name = new RegExp(names.join('|'), 'i')
  const keyword = new RegExp(`\\b(?:${keywords.join('|')})\\b`, 'i')
  return (sql) => startsPlainly(sql) && !mayHideMore(sql) && !name.test(sql) && !keyword.test(sql)
}

/** U&"…" may spell any name, and a semicolon with anything behind it may start another statement. */
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
