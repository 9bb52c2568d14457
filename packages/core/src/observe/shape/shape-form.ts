import { alongSequence } from '../../sql/parameter-sequence.ts'
import { redact } from '../../sql/redact.ts'
import { nextToken, type Token } from '../../sql/tokens.ts'

/** Characters of a redacted statement that decide its fingerprint: what differs only behind them counts as the same. */
const longestRead = 4096

// One alternative for each character, so that no text takes more than a few looks at each of its characters.
const group = String.raw`\((?:[^()]|\([^()]*\))*\)`
const item = String.raw`\?(?:::[\w.]+)?`

/** `.5` */
const fraction = /(?<![\w")\]?])\.\?/g
/** What else a list or a row may have for a value. */
const value = /([([,] ?)(?:[+-] ?\?|null|default)(?=(?:::[\w.]+)? ?[,)\]])/gi
const list = new RegExp(String.raw`([([]) ?${item}(?: ?, ?${item})+ ?([)\]])`, 'g')
const listOfOne = new RegExp(String.raw`(\b[iI][nN] ?\() ?${item} ?\)`, 'g')
const values = /\?(?: ?, ?\?)+/g
const rows = new RegExp(String.raw`(\b[vV][aA][lL][uU][eE][sS] ?|\b[iI][nN] ?\( ?)(${group})(?: ?, ?\2)+`, 'g')
/** AND binds closer than OR: what it holds on to is no repetition. */
const notBehind = String.raw`(?<![\w"]|\b(?:[aA][nN][dD]|[nN][oO][tT]) ?)`
const notBefore = String.raw`(?! ?[aA][nN][dD]\b)`
const groupsOr = new RegExp(String.raw`${notBehind}(${group})(?: [oO][rR] \1${notBefore})+`, 'g')
const equalsOr = new RegExp(
  String.raw`${notBehind}(?<![.])([\w".]+ ?= ?\?)(?: [oO][rR] \1(?![\w?:])${notBefore})+`,
  'g',
)

/**
 * The text that all statements of one shape have in common: literals and parameters are `?`, lists, rows and conditions
 * of one kind are one.
 */
export function formOf(sql: string): string {
  return formOfShown(shownOf(sql))
}

/** What a form is made of: without values, as far as it counts. */
export function shownOf(sql: string): string {
  return redact(sql, longestRead, nextOfForm)
}

/** @param shown of {@link shownOf} */
export function formOfShown(shown: string): string {
  if (!shown.includes('?')) return shown
  const items = shown.replace(fraction, '?').replace(value, '$1?').replace(list, '$1?$2').replace(listOfOne, '$1?)')
  return items.replace(values, '?').replace(rows, '$1$2').replace(equalsOr, '$1').replace(groupsOr, '$1')
}

/** A long list of parameters is one. */
function nextOfForm(sql: string, at: number): Token {
  const token = nextToken(sql, at)
  if (token.text.length < 2 || !token.text.startsWith('$')) return token
  const last = alongSequence(sql, at)
  return { text: '?', end: last === at ? token.end : nextToken(sql, last).end }
}
