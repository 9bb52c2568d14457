import { effectsIn } from '../analyze/analysis.ts'
import { analyze } from '../analyze/analyze.ts'
import { redact } from '../sql/redact.ts'
import { nextToken } from '../sql/tokens.ts'

/** What a statement that was too long for a message ends with. */
const cut = '…'

/** Whether texts are the statement of an exception. */
export type StatementMatch = (sql: string) => boolean

/**
 * Compares texts with a statement as a message shows it, or as it is written in the code: without literals and
 * comments, white space folded, case ignored outside quoted names, semicolons at the end left out. A statement that a
 * message has cut is compared as far as the message goes. A text with a backslash in a string is none: messages leave
 * out what follows.
 *
 * Of a statement that has its literals, those count that name what is left behind: the setting, the lock, the channel.
 */
export function matchStatement(statement: string): StatementMatch {
  const isCut = statement.trimEnd().endsWith(cut)
  const wanted = isCut ? fold(statement) : normalised(statement)
  // As a message shows it: what the literals named is not known.
  const isPasted = isCut || statement.includes('?')
  return (sql) => {
    if (hidesItsEnd(sql) || (isCut ? fold(redact(sql)) : normalised(sql)) !== wanted) return false
    return isPasted || objectsOf(sql) === objectsOf(statement)
  }
}

/** What the effects of a text are about. */
function objectsOf(sql: string): string {
  return JSON.stringify(effectsIn(analyze(sql)).map(({ rule, does, object }) => [rule, does, object]))
}

function normalised(sql: string): string {
  return fold(redact(sql, Infinity))
}

/** Case matters in quoted names alone; quotes of strings are gone. */
function fold(shown: string): string {
  const folded = shown.replaceAll(/"[^"]*"?|[^"]+/g, (part) =>
    part.startsWith('"') ? part : part.replaceAll(/\s+/g, ' ').toLowerCase(),
  )
  let end = folded.length
  while (end > 0 && ' ;'.includes(folded.charAt(end - 1))) end--
  return folded.slice(0, end).trimStart()
}

/** Whether the redacted text ends before the text does: two texts that differ behind it would look the same. */
function hidesItsEnd(sql: string): boolean {
  if (!sql.includes('\\')) return false
  for (let at = 0; at < sql.length;) {
    const { end } = nextToken(sql, at)
    if (sql.charAt(at) === "'" && sql.slice(at, end).includes('\\')) return true
    at = end
  }
  return false
}
