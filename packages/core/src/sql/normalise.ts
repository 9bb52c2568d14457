import { alongSequence } from './parameter-sequence.ts'
import { closeOfComment, endOfLine, isSpace } from './blanks.ts'

/**
 * IN or VALUES before a parameter: what may be a list. The longer look is spared to texts without it and without
 * comments.
 */
const mayBeList = /\b(?:in|values)[ \t-\r]*\([ \t-\r]*\$/i

const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

const dot = 0x2e
const comma = 0x2c
const open = 0x28
const close = 0x29

/**
 * One text for all that differ only in what no rule can see: the words of comments, and the length of `IN ($1, …)` and
 * of
 * `VALUES ($1, …), ($2, …), …`. A comment becomes an empty one instead of going, as it parts tokens and string
 * literals. An unclear or unfinished text is returned unchanged.
 */
export function normalise(sql: string): string {
  if (!varies(sql) || isUnclear(sql)) return sql
  let normal = ''
  let copied = 0
  const replace = (from: number, by: string, to: number): number => {
    normal += sql.slice(copied, from) + by
    copied = to
    return to
  }
  let last = 0
  for (let at = 0; at < sql.length;) {
    const code = sql.charCodeAt(at)
    const end = endOfToken(sql, at, code)
    if (end === undefined) return sql
    if (isCommentAt(sql, at, code)) at = replace(at, code === 0x2d ? '--' : '/**/', end)
    else {
      const listEnd = last === dot ? end : endOfListBehind(sql, at, end)
      if (listEnd > end) replace(end, ' ($1)', listEnd)
      if (!isSpace(code)) last = code
      at = listEnd
    }
  }
  return copied === 0 ? sql : normal + sql.slice(copied)
}

/**
 * A backslash may or may not end a string, by a setting of the server; at a zero byte the text ends for the parser and
 * not for us.
 */
function isUnclear(sql: string): boolean {
  return sql.includes('\\') || sql.includes('\0')
}

function varies(sql: string): boolean {
  return sql.includes('--') || sql.includes('/*') || mayBeList.test(sql)
}

/** White space and the comments of a normal form, at both ends. */
const outer = /^(?:[ \t-\r]|\/\*\*\/|--(?=[\n\r]))+|(?:[ \t-\r]|\/\*\*\/)*(?:--)?$/g

/** The longest text that {@link withoutOuterComments} looks at: longer ones are no plain COMMIT. */
const longest = 120

/** A normal form without what its comments leave at its ends, so that a COMMIT with a comment is a plain COMMIT. */
export function withoutOuterComments(normal: string): string {
  return normal.length > longest ? normal : normal.replace(outer, '')
}

function isCommentAt(sql: string, at: number, code: number): boolean {
  return (code === 0x2d && sql.charCodeAt(at + 1) === 0x2d) || (code === 0x2f && sql.charCodeAt(at + 1) === 0x2a)
}

/** `undefined` for a token that never ends. */
function endOfToken(sql: string, at: number, code: number): number | undefined {
  if (isWordStart(code)) return endOfWord(sql, at)
  if (code === 0x27 || code === 0x22) return behind(sql.indexOf(code === 0x27 ? "'" : '"', at + 1), 1)
  if (code === 0x24) return endOfDollar(sql, at)
  if (isCommentAt(sql, at, code)) return code === 0x2d ? endOfLine(sql, at) : closeOfComment(sql, at)
  return at + 1
}

function behind(index: number, length: number): number | undefined {
  return index === -1 ? undefined : index + length
}

/** A parameter, a dollar quote, or a dollar that PostgreSQL will refuse. */
function endOfDollar(sql: string, at: number): number | undefined {
  dollarQuote.lastIndex = at
  const quote = dollarQuote.exec(sql)?.[0]
  return quote === undefined ? at + 1 : behind(sql.indexOf(quote, at + quote.length), quote.length)
}

/** The end of what stands behind IN or VALUES, if it is a list that can be any shorter; else the end of the word. */
function endOfListBehind(sql: string, at: number, end: number): number {
  const length = end - at
  if (length === 2 && /^in$/i.test(sql.slice(at, end))) return endOfParameters(sql, end) ?? end
  if (length === 6 && /^values$/i.test(sql.slice(at, end))) return endOfRows(sql, end)
  return end
}

function endOfRows(sql: string, from: number): number {
  let end = from
  for (let next = endOfEvenRows(sql, from) ?? endOfParameters(sql, from); next !== undefined;) {
    end = next
    const separator = skipSpace(sql, end)
    next = sql.charCodeAt(separator) === comma ? endOfParameters(sql, separator + 1) : undefined
  }
  return end
}

/** Rows as they are mostly written, without the last parameter of the last one. */
const evenRows = / ?\((?:\$\d{1,5}(?:, ?|\), ?\())+(?=\$\d{1,5}\))/y
/** V8 remembers a way back for each parameter, within 64 MB: a longer text is read step by step. */
const longestEven = 1_000_000

/** The index behind rows that have nothing unusual in them, five times as fast. */
function endOfEvenRows(sql: string, from: number): number | undefined {
  evenRows.lastIndex = from
  return sql.length <= longestEven && evenRows.test(sql) ? sql.indexOf(')', evenRows.lastIndex) + 1 : undefined
}

/** Parameters that are read one by one before a list is taken for a long one. */
const enough = 8

/** The index behind `($1, $2, …)`. Any other item, also one of a parameter and more, may hold what a rule asks for. */
function endOfParameters(sql: string, from: number): number | undefined {
  let at = skipSpace(sql, from)
  if (sql.charCodeAt(at) !== open) return undefined
  for (let count = 1; ; count++) {
    const next = skipSpace(sql, at + 1)
    const start = count === enough ? alongSequence(sql, next) : next
    const digits = endOfDigits(sql, start + 1)
    // PostgreSQL refuses numbers that are too large: those are left to it.
    if (sql.charCodeAt(start) !== 0x24 || digits === start + 1 || digits > start + 6) return undefined
    at = skipSpace(sql, digits)
    const code = sql.charCodeAt(at)
    if (code === close) return at + 1
    if (code !== comma) return undefined
  }
}

function skipSpace(sql: string, from: number): number {
  let at = from
  while (isSpace(sql.charCodeAt(at))) at++
  return at
}

function endOfDigits(sql: string, from: number): number {
  let at = from
  while (isDigit(sql.charCodeAt(at))) at++
  return at
}

function endOfWord(sql: string, from: number): number {
  let at = from + 1
  for (let code = sql.charCodeAt(at); isWordStart(code) || isDigit(code) || code === 0x24; code = sql.charCodeAt(at))
    at++
  return at
}

function isWordStart(code: number): boolean {
  const lower = code | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f || code >= 0x80
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
