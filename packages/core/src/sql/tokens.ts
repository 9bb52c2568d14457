import { endOfComment, endOfLine } from './blanks.ts'

const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const parameter = /\$\d+/y
const number = /0[xX][\w.]*|\d[\d_.]*(?:[eE][+-]\d+)?[\w.]*/y
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const restOfWord = /[\w$\u0080-\uffff]+/y
/** Those of JavaScript that are letters to PostgreSQL come one by one: some callers read them as it does. */
const blanks = /[ \t\n\r\f\v]+|\s/y

/** A piece of a text for people. */
export interface Token {
  /** `?` for a literal, a blank for white space and for a comment. */
  readonly text: string
  readonly end: number
}

/** The token at `at`. Where quoting is ambiguous or unfinished, it takes in the rest of the text, as a literal. */
export function nextToken(sql: string, at: number): Token {
  const code = sql.charCodeAt(at)
  if (continuesName(sql, at, code)) return { text: '?', end: endOfDoubtful(sql, at) }
  if (isLetter(code)) return wordOrString(sql, at)
  if (code === 0x20 || code >= 0x80 || code < 0x20) return blankOrWord(sql, at)
  if (code >= 0x30 && code <= 0x39) return { text: '?', end: endOf(number, sql, at) }
  if (code === 0x27) return { text: '?', end: endOfString(sql, at) }
  if (code === 0x22) return quotedIdentifier(sql, at)
  if (code === 0x24) return dollar(sql, at)
  if (code === 0x2d && sql.charCodeAt(at + 1) === 0x2d) return { text: ' ', end: endOfLine(sql, at) }
  if (code === 0x2f && sql.charCodeAt(at + 1) === 0x2a) return { text: ' ', end: endOfComment(sql, at) }
  return asItIs(sql, at, at + 1)
}

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f
}

function wordOrString(sql: string, at: number): Token {
  const prefix = lengthOfPrefix(sql, at)
  return prefix > 0 ? { text: '?', end: endOfString(sql, at + prefix) } : asItIs(sql, at, endOf(word, sql, at))
}

/** Length of what belongs to a literal before its quote (`E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`); 0 for a word. */
function lengthOfPrefix(sql: string, at: number): number {
  const next = sql.charCodeAt(at + 1)
  if (next === 0x27) return 'ebnxEBNX'.includes(sql.charAt(at)) ? 1 : 0
  return next === 0x26 && sql.charCodeAt(at + 2) === 0x27 && 'uU'.includes(sql.charAt(at)) ? 2 : 0
}

function blankOrWord(sql: string, at: number): Token {
  const end = endOf(blanks, sql, at)
  if (end > at) return { text: ' ', end }
  return asItIs(sql, at, Math.max(endOf(word, sql, at), at + 1))
}

function dollar(sql: string, at: number): Token {
  const end = endOf(dollarQuote, sql, at)
  if (end > at) return { text: '?', end: endOfDollarString(sql, end, sql.slice(at, end)) }
  return asItIs(sql, at, Math.max(endOf(parameter, sql, at), at + 1))
}

function asItIs(sql: string, at: number, end: number): Token {
  return { text: sql.slice(at, end), end }
}

/** `at` itself where the pattern does not match there. */
function endOf(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(sql) ? pattern.lastIndex : at
}

/**
 * JavaScript's blanks beyond ASCII are letters to PostgreSQL. A digit or a dollar sign behind one continues a name
 * there; to the person who pasted the text it begins a literal.
 */
function continuesName(sql: string, at: number, code: number): boolean {
  return (code === 0x24 || (code >= 0x30 && code <= 0x39)) && at > 0 && sql.charCodeAt(at - 1) >= 0x80
}

/** A dollar sign among these characters makes the quoting ambiguous. */
function endOfDoubtful(sql: string, at: number): number {
  const end = endOf(restOfWord, sql, at)
  return sql.slice(at, end).includes('$') ? sql.length : end
}

/** The end of the string literal; the end of the text where a backslash makes it ambiguous or it is unterminated. */
function endOfString(sql: string, from: number): number {
  for (let at = from + 1; ;) {
    const quote = sql.indexOf("'", at)
    if (quote === -1 || sql.slice(at, quote).includes('\\')) return sql.length
    if (sql.charCodeAt(quote + 1) !== 0x27) return quote + 1
    at = quote + 2
  }
}

/**
 * A doubled quote inside a name makes two tokens of it, which read the same. Behind an unfinished name, literals would
 * show.
 */
function quotedIdentifier(sql: string, from: number): Token {
  const end = sql.indexOf('"', from + 1)
  return end === -1 ? { text: '?', end: sql.length } : asItIs(sql, from, end + 1)
}

function endOfDollarString(sql: string, from: number, quote: string): number {
  const end = sql.indexOf(quote, from)
  return end === -1 ? sql.length : end + quote.length
}
