import { nextToken } from '../sql/tokens.ts'

/** What the rules look for, as words. */
export interface Words {
  /** Functions and relations, also as a part of a longer word. */
  readonly names: readonly string[]
  readonly keywords: readonly string[]
  /** At the start of a statement, and behind EXPLAIN. */
  readonly firstWords: readonly string[]
}

/**
 * Makes the look at a text that no parser reads: newer syntax, another dialect, a command for a pooler, half a
 * statement. It says whether anything in it, but for literals and comments, is a word that a rule asks for.
 */
export function createWordSearch({ names, keywords, firstWords }: Words): (sql: string) => boolean {
  const explain = '(?:explain\\b(?: (?:analyze|verbose)\\b)*(?: ?\\([^)]{0,200}\\))? ?)?'
  const anywhere = new RegExp(
    `&"|${names.join('|')}|\\b(?:${keywords.join('|')})\\b|(?:^|;)[ (]*${explain}(?:${firstWords.join('|')})\\b`,
    'i',
  )
  return (sql) => anywhere.test(withoutLiterals(sql))
}

function withoutLiterals(sql: string): string {
  const shown: string[] = []
  for (let at = 0; at < sql.length;) {
    const { text, end } = nextToken(sql, at)
    // Behind a backslash nobody knows where the literal ends: what may not be one counts.
    const isUnclear = text === '?' && end === sql.length && sql.includes('\\', at)
    if (isUnclear) shown.push(sql.slice(at))
    else if (text !== ' ' || shown.at(-1) !== ' ') shown.push(text)
    at = end
  }
  return shown.join('')
}
