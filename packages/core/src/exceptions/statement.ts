import { effectsIn } from '../analyze/analysis.ts'
import { analyze } from '../analyze/analyze.ts'
import { redact } from '../sql/redact.ts'
import { nextToken } from '../sql/tokens.ts'

/** The end of a statement that a message has cut. */
const cut = '…'

/** Returns true for a text that is the statement of the exception. */
export type StatementMatch = (sql: string) => boolean

/**
 * Creates the comparison of texts with a statement, as in a message or as in the code. It ignores literals, comments,
 * the amount of white space, case outside quoted names, and semicolons at the end. A statement that a message has cut is
 * compared up to the cut. A text with a backslash in a string never matches, because messages leave out the rest of it.
 *
 * If the statement has literals, those that name the setting, the lock or the channel must match as well.
 */
export function matchStatement(statement: string): StatementMatch {
  const isCut = statement.trimEnd().endsWith(cut)
  const wanted = isCut ? fold(statement) : normalised(statement)
  // As in a message: the values of the literals are unknown.
  const isPasted = isCut || statement.includes('?')
  return (sql) => {
    if (hidesItsEnd(sql) || (isCut ? fold(redact(sql)) : normalised(sql)) !== wanted) return false
    return isPasted || objectsOf(sql) === objectsOf(statement)
  }
}

/** Returns the objects of a text's effects. */
function objectsOf(sql: string): string {
  return JSON.stringify(effectsIn(analyze(sql)).map(({ rule, does, object }) => [rule, does, object]))
}

function normalised(sql: string): string {
  return fold(redact(sql, Infinity))
}

/** Case matters only in quoted names. Strings have no quotes left. */
function fold(shown: string): string {
  const folded = shown.replaceAll(/"[^"]*"?|[^"]+/g, (part) =>
    part.startsWith('"') ? part : part.replaceAll(/\s+/g, ' ').toLowerCase(),
  )
  let end = folded.length
  while (end > 0 && ' ;'.includes(folded.charAt(end - 1))) end--
  return folded.slice(0, end).trimStart()
}

/** Returns true if redaction has cut the text. Texts that differ after the cut would look the same. */
function hidesItsEnd(sql: string): boolean {
  if (!sql.includes('\\')) return false
  for (let at = 0; at < sql.length;) {
    const { end } = nextToken(sql, at)
    if (sql.charAt(at) === "'" && sql.slice(at, end).includes('\\')) return true
    at = end
  }
  return false
}
