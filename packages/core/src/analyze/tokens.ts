import { endOfComment, endOfLine } from './blanks.ts'

const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const parameter = /\$\d+/y
const number = /\d[\w.]*/y
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y

/** A piece of a text for people. */
export interface Token {
  /** `?` for a literal, a blank for white space and for a comment. */
  readonly text: string
  readonly end: number
}

/** The token at `at`. Where quoting is ambiguous or unfinished, it takes in the rest of the text, as a literal. */
export function nextToken(sql: string, at: number): Token {
  const char = sql.charAt(at)
  if (/\s/.test(char)) return { text: ' ', end: at + 1 }
  if (sql.startsWith('--', at)) return { text: ' ', end: endOfLine(sql, at) }
  if (sql.startsWith('/*', at)) return { text: ' ', end: endOfComment(sql, at) }
  if (char === "'") return { text: '?', end: endOfString(sql, at) }
  if (char === '"') return quotedIdentifier(sql, at)
  const dollar = match(dollarQuote, sql, at)
  if (dollar !== undefined) return { text: '?', end: endOfDollarString(sql, at, dollar) }
  const plain = match(word, sql, at) ?? match(parameter, sql, at)
  if (plain !== undefined) return { text: plain, end: at + plain.length }
  const digits = match(number, sql, at)
  if (digits !== undefined) return { text: '?', end: at + digits.length }
  return { text: char, end: at + 1 }
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

/** The end of the string literal; the end of the text where a backslash makes it ambiguous or it is unterminated. */
function endOfString(sql: string, from: number): number {
  for (let at = from + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x5c) return sql.length
    if (code === 0x27) {
      if (sql.charCodeAt(at + 1) !== 0x27) return at + 1
      at++
    }
  }
  return sql.length
}

/** A doubled quote inside a name makes two tokens of it, which read the same. Behind an unfinished name, literals would show. */
function quotedIdentifier(sql: string, from: number): Token {
  const end = sql.indexOf('"', from + 1)
  return end === -1 ? { text: '?', end: sql.length } : { text: sql.slice(from, end + 1), end: end + 1 }
}

function endOfDollarString(sql: string, from: number, quote: string): number {
  const end = sql.indexOf(quote, from + quote.length)
  return end === -1 ? sql.length : end + quote.length
}
