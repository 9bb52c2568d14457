/** The position of a character in an SQL text. */
export type Place = 'code' | 'string' | 'name' | 'dollar' | 'comment'

/** A part of an SQL text that stands in one place. */
export interface Part {
  readonly place: Place
  readonly from: number
  readonly to: number
}

const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/**
 * Splits a text into code, literals, quoted names and comments, as PostgreSQL reads it. A backslash escapes only in
 * `E'…'`. What is not closed reaches to the end.
 */
export function partsOf(sql: string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (let at = 0; at < sql.length;) {
    const found = openedAt(sql, at)
    if (found === undefined) {
      at++
      continue
    }
    if (at > from) parts.push({ place: 'code', from, to: at })
    parts.push({ ...found, from: at })
    at = found.to
    from = at
  }
  if (from < sql.length) parts.push({ place: 'code', from, to: sql.length })
  return parts
}

/** Returns the construct that opens at a character of code. */
function openedAt(sql: string, at: number): { readonly place: Place; readonly to: number } | undefined {
  switch (sql.charCodeAt(at)) {
    case 0x27:
      return { place: 'string', to: endOfString(sql, at) }
    case 0x22:
      return { place: 'name', to: endOf(sql, '"', at + 1) }
    case 0x2d:
      return sql.startsWith('--', at) ? { place: 'comment', to: endOfLine(sql, at) } : undefined
    case 0x2f:
      return sql.startsWith('/*', at) ? { place: 'comment', to: endOfComment(sql, at) } : undefined
    case 0x24:
      return dollarAt(sql, at)
    default:
      return undefined
  }
}

function endOf(sql: string, closing: string, from: number): number {
  const end = sql.indexOf(closing, from)
  return end === -1 ? sql.length : end + closing.length
}

function endOfLine(sql: string, from: number): number {
  const end = sql.indexOf('\n', from)
  return end === -1 ? sql.length : end
}

function endOfString(sql: string, from: number): number {
  const escapes = /(?:^|[^\w$])[eE]$/.test(sql.slice(Math.max(from - 2, 0), from))
  for (let at = from + 1; at < sql.length; at++) {
    const character = sql[at]
    if (escapes && character === '\\') at++
    else if (character === "'") {
      if (sql[at + 1] !== "'") return at + 1
      at++
    }
  }
  return sql.length
}

/** Comments nest. */
function endOfComment(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}

/** `$1` is a parameter, and a dollar sign inside a name opens nothing. */
function dollarAt(sql: string, at: number): { readonly place: Place; readonly to: number } | undefined {
  if (at > 0 && /[\w$]/.test(sql.charAt(at - 1))) return undefined
  dollarQuote.lastIndex = at
  const [quote] = dollarQuote.exec(sql) ?? []
  return quote === undefined ? undefined : { place: 'dollar', to: endOf(sql, quote, at + quote.length) }
}
