import { nextToken } from '../sql/tokens.ts'

/** The words that the rules look for. */
export interface Words {
  /** Names of functions and relations, also as a part of a longer word. */
  readonly names: readonly string[]
  readonly keywords: readonly string[]
  /** Words at the start of a statement, or after EXPLAIN. */
  readonly firstWords: readonly string[]
}

/**
 * Creates the search for texts that the parser refuses: newer syntax, another dialect, a pooler's command, half a
 * statement. It returns true if a word outside literals and comments is one that a rule looks for.
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
    // After a backslash the end of the literal is ambiguous, so everything that might be outside it is scanned.
    const isUnclear = text === '?' && end === sql.length && sql.includes('\\', at)
    if (isUnclear) shown.push(sql.slice(at))
    else if (text !== ' ' || shown.at(-1) !== ' ') shown.push(text)
    at = end
  }
  return shown.join('')
}
