import { endOfComment, endOfLine } from './blanks.ts'

const maxShown = 300

/** `SET name =`, at the start of a statement: the value behind it may be a bare word. */
const assignment = /set\s+(?:(?:session|local)\s+)?[\w$."\u0080-\uffff]+\s*(?:=|\bto\b)/iy
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const number = /\d[\w.]*/y
const word = /[A-Za-z_\u0080-\uffff$][\w$\u0080-\uffff]*/y
const quotedIdentifier = /"(?:[^"]|"")*"?/y

/**
 * The statement for people: every literal becomes `?`, comments go, white space is folded, and what is longer than 300
 * characters is cut. Where quoting is ambiguous (a backslash before a quote, whose meaning depends on a server
 * setting) the rest is left out, since a literal must never get into a log.
 */
export function redact(sql: string): string {
  let shown = ''
  let atStart = true
  let hidesValue = false
  for (let at = 0; at < sql.length;) {
    if (shown.length > maxShown) return `${shown.slice(0, maxShown)}…`
    const token = nextToken(sql, at, atStart)
    if (token.text === ';') hidesValue = false
    if (!hidesValue) shown = append(shown, token.text)
    if (token.assigns === true) {
      shown = `${shown} ?`
      hidesValue = true
    }
    if (token.text !== ' ') atStart = token.text === ';'
    at = token.end
  }
  return shown.trim()
}

interface Token {
  readonly text: string
  readonly end: number
  readonly assigns?: boolean
}

function nextToken(sql: string, at: number, atStart: boolean): Token {
  const char = sql.charAt(at)
  if (/\s/.test(char)) return { text: ' ', end: at + 1 }
  if (sql.startsWith('--', at)) return { text: ' ', end: endOfLine(sql, at) }
  if (sql.startsWith('/*', at)) return { text: ' ', end: endOfComment(sql, at) }
  if (char === "'") return { text: '?', end: endOfString(sql, at) }
  const assigned = atStart ? match(assignment, sql, at) : undefined
  if (assigned !== undefined) return { text: assigned, end: at + assigned.length, assigns: true }
  const dollar = match(dollarQuote, sql, at)
  if (dollar !== undefined) return { text: '?', end: endOfDollarString(sql, at, dollar) }
  const plain = match(word, sql, at) ?? match(quotedIdentifier, sql, at)
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

function endOfDollarString(sql: string, from: number, quote: string): number {
  const end = sql.indexOf(quote, from + quote.length)
  return end === -1 ? sql.length : end + quote.length
}

function append(shown: string, text: string): string {
  return text === ' ' && (shown === '' || shown.endsWith(' ')) ? shown : shown + text
}
