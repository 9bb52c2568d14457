import { alongSequence } from '../../sql/parameter-sequence.ts'
import { redact } from '../../sql/redact.ts'
import { nextToken, type Token } from '../../sql/tokens.ts'

/** Number of leading characters of a redacted statement that decide its fingerprint. */
const longestRead = 4096

// Each character has one alternative, so that matching takes linear time for any text.
const group = String.raw`\((?:[^()]|\([^()]*\))*\)`
const item = String.raw`\?(?:::[\w.]+)?`

/** `.5` */
const fraction = /(?<![\w")\]?])\.\?/g
/** Other values that a list or a row may contain. */
const value = /([([,] ?)(?:[+-] ?\?|null|default)(?=(?:::[\w.]+)? ?[,)\]])/gi
const list = new RegExp(String.raw`([([]) ?${item}(?: ?, ?${item})+ ?([)\]])`, 'g')
const listOfOne = new RegExp(String.raw`(\b[iI][nN] ?\() ?${item} ?\)`, 'g')
const values = /\?(?: ?, ?\?)+/g
const rows = new RegExp(String.raw`(\b[vV][aA][lL][uU][eE][sS] ?|\b[iI][nN] ?\( ?)(${group})(?: ?, ?\2)+`, 'g')
/** AND binds more tightly than OR, so a condition next to AND is not a repetition. */
const notBehind = String.raw`(?<![\w"]|\b(?:[aA][nN][dD]|[nN][oO][tT]) ?)`
const notBefore = String.raw`(?! ?[aA][nN][dD]\b)`
const groupsOr = new RegExp(String.raw`${notBehind}(${group})(?: [oO][rR] \1${notBefore})+`, 'g')
const equalsOr = new RegExp(
  String.raw`${notBehind}(?<![.])([\w".]+ ?= ?\?)(?: [oO][rR] \1(?![\w?:])${notBefore})+`,
  'g',
)

/**
 * Returns the text that all statements of one shape share: literals and parameters become `?`, and repeated list items,
 * rows and conditions become one.
 */
export function formOf(sql: string): string {
  return formOfShown(shownOf(sql))
}

/** The redacted statement up to the length that decides the fingerprint. */
export function shownOf(sql: string): string {
  return redact(sql, longestRead, nextOfForm)
}

/** @param shown of {@link shownOf} */
export function formOfShown(shown: string): string {
  if (!shown.includes('?')) return shown
  const items = shown.replace(fraction, '?').replace(value, '$1?').replace(list, '$1?$2').replace(listOfOne, '$1?)')
  return items.replace(values, '?').replace(rows, '$1$2').replace(equalsOr, '$1').replace(groupsOr, '$1')
}

/** Shortens a long list of parameters to one. */
function nextOfForm(sql: string, at: number): Token {
  const token = nextToken(sql, at)
  if (token.text.length < 2 || !token.text.startsWith('$')) return token
  const last = alongSequence(sql, at)
  return { text: '?', end: last === at ? token.end : nextToken(sql, last).end }
}
