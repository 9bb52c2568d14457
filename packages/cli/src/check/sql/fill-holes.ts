import { parses, scanSaysHarmless, type StoredCode } from '@poolsafe/core/internal'
import { partsOf, type Place } from './lexer.ts'
import { nameDriverPlaceholders } from './placeholders.ts'
import { isFixed, type HoleKind, type Pieces } from './pieces.ts'

/** A text without holes, that stands for one with holes. */
export interface Filled {
  readonly sql: string
  /** The text as the code has it: placeholders of a library are names in `sql`. Both have the same length. */
  readonly shown: string
  /** True if PostgreSQL's parser reads the text. */
  readonly isRead: boolean
  readonly holes: number
  /** Returns the offset in the file of an offset in the text. */
  readonly locate: (offset: number) => number
  /** Returns the part of the file for a part of the text; `undefined` if it is not the same text there. */
  readonly rangeOf: (from: number, to: number) => { readonly from: number; readonly to: number } | undefined
}

/** A placeholder in the text: a private-use character, one for each hole. */
const mark = '\uE000'

type Filler = (hole: Around) => string

/** A hole with what stands around it. */
interface Around {
  readonly kind: HoleKind
  readonly place: Place
  /** The code before it, up to the start of its statement. */
  readonly before: string
  readonly after: string
  readonly number: number
}

/**
 * Fills the holes of a text by what stands around them: a letter inside quotes, a part of a name beside a letter, an
 * identifier after FROM, INTO and the like, otherwise a parameter. If PostgreSQL refuses the result, holes become
 * nothing: first behind an operand, then all but values; then identifiers. At last, placeholders of libraries become
 * names.
 *
 * @param catalog what is known about the code in the database
 */
export function fillHoles(pieces: Pieces, catalog?: StoredCode): Filled {
  const fillWith = (given: Pieces, filler: Filler): Filled => fill(given, filler, catalog)
  const filled = fillWith(pieces, bySurroundings)
  if (filled.isRead) return filled
  const tried = [filled]
  for (const filler of filled.holes === 0 ? [] : [orFragment, orNothing, orName]) {
    const other = fillWith(pieces, filler)
    if (other.isRead) return other
    tried.push(other)
  }
  return tried.map(withNames).find(({ isRead }) => isRead) ?? filled
}

function withNames(filled: Filled): Filled {
  const sql = nameDriverPlaceholders(filled.sql)
  return sql === filled.sql ? filled : { ...filled, sql, isRead: parses(sql) }
}

/** The position of a piece in the text and in the file. */
interface Start {
  readonly from: number
  readonly at: number
  readonly isExact: boolean
}

function fill(pieces: Pieces, filler: Filler, catalog: StoredCode | undefined): Filled {
  const template = pieces.map((piece) => (isFixed(piece) ? piece.fixed : mark)).join('')
  const holes = pieces.flatMap((piece) => (isFixed(piece) ? [] : [piece.hole]))
  const fillings = holes.length === 0 ? [] : fillingsOf(template, holes, filler)
  let sql = ''
  let number = 0
  const starts: Start[] = []
  for (const piece of pieces) {
    starts.push({ from: sql.length, at: piece.at, isExact: isFixed(piece) && piece.isEscaped !== true })
    sql += isFixed(piece) ? piece.fixed : (fillings[number++] ?? '')
  }
  const locate = (offset: number): number => {
    const start = starts.findLast(({ from }) => from <= offset)
    if (start === undefined) return 0
    return start.isExact ? start.at + offset - start.from : start.at
  }
  const rangeOf = (from: number, to: number): { from: number; to: number } | undefined => {
    const index = starts.findLastIndex((start) => start.from <= from)
    const start = starts[index]
    if (start?.isExact !== true || to > (starts[index + 1]?.from ?? sql.length)) return undefined
    return { from: start.at + from - start.from, to: start.at + to - start.from }
  }
  // A harmless text needs no parser: nothing would be found in it.
  const isRead = (scanSaysHarmless(sql) && catalog?.mentions(sql) !== true) || parses(sql)
  return { sql, shown: sql, isRead, holes: holes.length, locate, rangeOf }
}

function fillingsOf(template: string, kinds: readonly HoleKind[], filler: Filler): string[] {
  const parts = partsOf(template)
  const fillings: string[] = []
  for (let at = template.indexOf(mark); at !== -1; at = template.indexOf(mark, at + 1)) {
    const place = parts.find(({ from, to }) => from <= at && at < to)?.place ?? 'code'
    const before = statementBefore(template, at)
    const number = fillings.length + 1
    fillings.push(filler({ kind: kinds[number - 1] ?? 'text', place, before, after: template.slice(at + 1), number }))
  }
  return fillings
}

function statementBefore(template: string, at: number): string {
  return template.slice(template.lastIndexOf(';', at) + 1, at)
}

const beforeName =
  /(?:\b(?:from|into|update|table|join|as|only|schema|database|role|view|index|sequence|function|procedure|type|trigger|policy|extension|constraint|column|exists|listen|unlisten|notify|savepoint|truncate|using|local|session|cursor|declare|execute|prepare|deallocate|collate|references|on|user|close|load)|::)\s*"?$/i
const endsInName = /[\w.$\uE000]$/
const endsInNumber = /(?:^|[^\w.])\d[\d.]*$/
const startsInName = /^[\w$\uE000]/
/** Statements that take expressions with parameters. All others take names and constants only. */
const takesParameters = /^[\s(]*(?:select|insert|update|delete|merge|with|values|table|call|explain|\uE000)/i

function bySurroundings({ kind, place, before, after, number }: Around): string {
  if (place !== 'code') return 'x'
  if (kind === 'name') return `x${number}`
  if (/\bisolation\s+level\s*$/i.test(before)) return 'SERIALIZABLE'
  if (/\bcursor\b[^;]*\bfor\s*$/i.test(before)) return 'SELECT 1'
  // `$${number}` is a parameter.
  if (endsInNumber.test(before) || /(?<!\$)\$$/.test(before)) return '1'
  if (endsInName.test(before)) return 'x'
  if (kind === 'text' && startsInName.test(after)) return 'x'
  if (after.startsWith('.') || beforeName.test(before)) return `x${number}`
  if (isWholeStatement(before, after)) return ''
  return takesParameters.test(before) ? `$${number}` : `x${number}`
}

/** A statement of its own, between semicolons. */
function isWholeStatement(before: string, after: string): boolean {
  return before.trim() === '' && /^\s*(?:;|$)/.test(after)
}

/** The end of an operand: a name, a number, a literal, a bracket, another hole. */
const endsInOperand = /[\w"')\]\uE000]\s+$/
const endsInKeyword =
  /\b(?:and|or|not|i?like|in|between|values|limit|offset|where|having|on|when|then|else|case|select|distinct|by|returning|set|is|any|all|some|from|join|into|update|table|as|using|interval|end)\s+$/i

/** Behind an operand there is no place for a value, so the hole is a piece of SQL. */
function orFragment(around: Around): string {
  const { place, kind, before } = around
  const isPiece = place === 'code' && kind !== 'name' && endsInOperand.test(before) && !endsInKeyword.test(before)
  return isPiece ? '' : bySurroundings(around)
}

function orNothing(around: Around): string {
  const { place, kind } = around
  return place === 'code' && kind === 'text' && !endsInName.test(around.before) ? '' : bySurroundings(around)
}

function orName(around: Around): string {
  const { place, before, number } = around
  return place === 'code' && !endsInName.test(before) ? `x${number}` : bySurroundings(around)
}
