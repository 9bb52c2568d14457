import { endOfComment } from './blanks.ts'

/** What is read as a whole, so that nothing in it is taken for a comment; a doubled quote makes two tokens of one, which read the same. */
const token =
  /--[^\r\n]*|\/\*|"[^"]*(?:"|$)|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[eE]?'|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[ \t\n\r\f\v]+|[^]/y
const plainString = /'[^']*(?:'|$)/y
const escapeString = /[eE]?'[^'\\]*(?:\\[^][^'\\]*)*(?:'|\\?$)/y

const string = /^[eE]?'$/
const blank = /^[ \t\n\r\f\v]/

/**
 * The text with blanks in place of its comments, as PostgreSQL's own scanner reads it (`standard_conforming_strings` is on). A comment that
 * ends the text stays, as it may be unterminated, which is an error. Where the parts of a string have a block comment between
 * them, PostgreSQL refuses the text and takes the result.
 */
export function withoutComments(sql: string): string {
  let written = ''
  // A string that goes on behind a line end, `E'a' -- … 'b'`, is what its first part is.
  let escapes = false
  for (let at = 0; at < sql.length;) {
    const start = match(token, sql, at)
    const isComment = start === '/*' || start.startsWith('--')
    if (!isComment && !blank.test(start)) escapes = string.test(start) && (escapes || start.length > 1)
    const end = endOf(sql, at, start, escapes)
    written += isComment && end < sql.length ? ' '.repeat(end - at) : sql.slice(at, end)
    at = end
  }
  return written
}

function endOf(sql: string, at: number, start: string, escapes: boolean): number {
  if (start === '/*') return endOfComment(sql, at)
  if (string.test(start)) return at + match(escapes ? escapeString : plainString, sql, at).length
  const closing = start.length > 1 && start.startsWith('$') ? sql.indexOf(start, at + start.length) : at
  return closing === -1 ? sql.length : closing + start.length
}

function match(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0] ?? ''
}
