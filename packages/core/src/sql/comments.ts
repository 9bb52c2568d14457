import { closeOfComment } from './blanks.ts'

/**
 * Tokens that are read as a whole, so that nothing in them is taken for a comment; a doubled quote makes two tokens of
 * one, which read the same.
 */
const token =
  /--[^\r\n]*|\/\*|"[^"]*(?:"|$)|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[eE]?'|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[ \t\n\r\f\v]+|[^]/y
const plainString = /'[^']*(?:'|$)/y
const escapeString = /[eE]?'[^'\\]*(?:\\[^][^'\\]*)*(?:'|\\?$)/y

const string = /^[eE]?'$/
const blank = /^[ \t\n\r\f\v]/

/**
 * Replaces the comments of a text by blanks, as PostgreSQL's own scanner reads it (`standard_conforming_strings` is
 * on). Where the parts of a string have a block comment between them, PostgreSQL refuses the text and accepts the
 * result.
 *
 * @returns `undefined` for a text whose last block comment never ends, which PostgreSQL refuses
 */
export function withoutComments(sql: string): string | undefined {
  if (!sql.includes('--') && !sql.includes('/*')) return sql
  const written: string[] = []
  // A string that goes on behind a line end, `E'a' -- … 'b'`, is what its first part is.
  let escapes = false
  for (let at = 0; at < sql.length;) {
    const start = match(token, sql, at)
    const isComment = start === '/*' || start.startsWith('--')
    if (!isComment && !blank.test(start)) escapes = string.test(start) && (escapes || start.length > 1)
    const end = endOf(sql, at, start, escapes)
    if (end === undefined) return undefined
    written.push(isComment ? ' '.repeat(end - at) : sql.slice(at, end))
    at = end
  }
  return written.join('')
}

function endOf(sql: string, at: number, start: string, escapes: boolean): number | undefined {
  if (start === '/*') return closeOfComment(sql, at)
  if (string.test(start)) return at + match(escapes ? escapeString : plainString, sql, at).length
  const closing = start.length > 1 && start.startsWith('$') ? sql.indexOf(start, at + start.length) : at
  return closing === -1 ? sql.length : closing + start.length
}

function match(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0] ?? ''
}
