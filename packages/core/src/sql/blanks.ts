/**
 * PostgreSQL's white space (`space [ \t\n\r\f\v]` in scan.l). JavaScript's `\s` holds more: a no-break space, for
 * one, is a letter of an identifier to PostgreSQL.
 */
export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** The index behind the white space and comments (and, if asked, opening parentheses) that start at `from`. */
export function skipBlanks(sql: string, from: number, parentheses = false): number {
  let at = from
  for (;;) {
    const code = sql.charCodeAt(at)
    if (isSpace(code) || (parentheses && code === 0x28)) at++
    else if (sql.startsWith('--', at)) at = endOfLine(sql, at)
    else if (sql.startsWith('/*', at)) at = endOfComment(sql, at)
    else return at
  }
}

/** The index of the line end behind `from`: a `--` comment ends at `\n` or `\r`. */
export function endOfLine(sql: string, from: number): number {
  let at = from
  while (at < sql.length && sql.charCodeAt(at) !== 0x0a && sql.charCodeAt(at) !== 0x0d) at++
  return at
}

/**
 * The index behind the block comment that starts at `from`. PostgreSQL nests them; an unterminated one ends with the
 * text.
 */
export function endOfComment(sql: string, from: number): number {
  return closeOfComment(sql, from) ?? sql.length
}

/** The same, and `undefined` for an unterminated one. */
export function closeOfComment(sql: string, from: number): number | undefined {
  let depth = 1
  for (let at = from + 2; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x2a && sql.charCodeAt(at + 1) === 0x2f) {
      depth--
      at++
    } else if (code === 0x2f && sql.charCodeAt(at + 1) === 0x2a) {
      depth++
      at++
    }
    if (depth === 0) return at + 1
  }
  return undefined
}
