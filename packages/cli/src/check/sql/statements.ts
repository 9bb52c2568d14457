import { partsOf } from './lexer.ts'

/** A statement of a text. */
export interface Statement {
  /** Without the semicolon, and without blanks and comments before it. */
  readonly text: string
  /** The offset of its first word in the text. */
  readonly from: number
  readonly to: number
}

/**
 * Splits a text at its semicolons. Those in literals, quoted names, comments and `BEGIN ATOMIC … END` do not count.
 * Lines that start with a backslash are commands of psql; the data after `COPY … FROM stdin` ends at `\.`.
 */
export function statementsIn(sql: string): Statement[] {
  const code = codeOf(sql)
  const found: Statement[] = []
  for (let from = 0; from < code.length;) {
    const to = endOfStatement(code, from)
    add(found, sql, code, { from, to })
    from = to + 1
  }
  return found
}

/** The text with blanks for comments and letters for literals, so that each character of code stands where it stood. */
function codeOf(sql: string): string {
  const bare = withoutPsql(sql)
  const code = partsOf(bare).map(({ place, from, to }) => {
    if (place === 'code') return bare.slice(from, to)
    return (place === 'comment' ? ' ' : 'x').repeat(to - from)
  })
  return code.join('')
}

function endOfStatement(code: string, from: number): number {
  const end = code.indexOf(';', from)
  if (end === -1) return code.length
  const body = /\bbegin\s+atomic\b/i.exec(code.slice(from, end))
  if (body === null) return end
  return endOfAtomic(code, from + body.index)
}

/** The semicolon after the END of a body. CASE has an END of its own. */
function endOfAtomic(code: string, from: number): number {
  let depth = 0
  for (const { 0: word, index } of code.slice(from).matchAll(/\b(?:begin|case|end)\b/gi)) {
    depth += word.toLowerCase() === 'end' ? -1 : 1
    if (depth !== 0) continue
    const end = code.indexOf(';', from + index)
    return end === -1 ? code.length : end
  }
  return code.length
}

function add(found: Statement[], sql: string, code: string, { from, to }: { from: number; to: number }): void {
  const start = from + code.slice(from, to).search(/\S|$/)
  if (start >= to) return
  const text = sql.slice(start, to).trimEnd()
  found.push({ text, from: start, to: start + text.length })
}

const copyLine = /^[ \t]*copy\b.*\bfrom\s+stdin\b.*;[ \t\r]*$/i

/** The text with blanks for commands of psql, and for the data after `COPY … FROM stdin;` up to the line with a backslash and a dot. */
function withoutPsql(sql: string): string {
  if (!sql.includes('\\')) return sql
  let isData = false
  const lines = sql.split('\n').map((line) => {
    const isEnd = line.startsWith('\\.')
    const shown = isData || /^\\\w/.test(line) || isEnd ? ' '.repeat(line.length) : line
    isData = isData ? !isEnd : copyLine.test(line)
    return shown
  })
  return lines.join('\n')
}
